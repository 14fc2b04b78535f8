package kind

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Origin is where images come from.
type Origin string

// The origins.
const (
	// Registry: kind's own node image and Memgraph's are pulled.
	Registry Origin = "registry"
	// Offline: all images are built on this machine.
	Offline Origin = "offline"
)

const (
	// registryURL is where kind's node image and Memgraph's come from. It asks
	// everybody for credentials, which is an answer.
	registryURL = "https://registry-1.docker.io/v2/"
	// registryTime is how long a registry that can be used may take to answer.
	registryTime = 4 * time.Second
)

// Detect finds out which origin can be had: IMAGES forces one, otherwise a
// registry is asked. why tells a person.
func Detect(ctx context.Context, getenv func(string) string, client *http.Client) (origin Origin, why string, err error) {
	switch forced := Origin(getenv("IMAGES")); forced {
	case Registry, Offline:
		return forced, "as IMAGES says", nil
	case "":
	default:
		return "", "", fmt.Errorf("IMAGES=%s: want registry (pull images), offline (build all of them here), or nothing (find out)", forced)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, registryTime, errors.New("no answer"))
	defer cancel()
	if err := ask(ctx, client); err != nil {
		return Offline, fmt.Sprintf("no image registry can be reached: %v", err), nil
	}
	return Registry, "an image registry answers", nil
}

func ask(ctx context.Context, client *http.Client) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, registryURL, nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err // without the address once more
	}
	if err != nil {
		return err
	}
	_ = response.Body.Close() // nothing was read
	if response.StatusCode != http.StatusOK && response.StatusCode != http.StatusUnauthorized {
		return fmt.Errorf("%s answers %s", registryURL, response.Status)
	}
	return nil
}
