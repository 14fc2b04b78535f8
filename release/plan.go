package release

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Plan is what to release, of what, and where to.
type Plan struct {
	// Module is the folder of this module: a git work tree in which the tag is checked out.
	Module string
	// Tools is where helm and the programs of tools/supply are.
	Tools string
	// Version is the tag, such as v1.2.3 or v1.2.3-rc.1.
	Version string
	// Image is the name, without a tag, under which the image will be found.
	Image string
	// Out is where everything is put. What is there already stays, and is summed up too.
	Out string
}

// architectures are those of the images.
func architectures() []string { return []string{"amd64", "arm64"} }

var version = regexp.MustCompile(`^v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?$`)

func (p Plan) check() error {
	switch {
	case !version.MatchString(p.Version):
		return fmt.Errorf("version %q is not one such as v1.2.3", p.Version)
	case p.Image == "" || strings.ContainsAny(p.Image, "@ ") || strings.ToLower(p.Image) != p.Image:
		return fmt.Errorf("image %q is not a name in lower case such as ghcr.io/me/memgraph-controller", p.Image)
	case p.Out == "":
		return errors.New("no folder is named to put the release into")
	}
	return nil
}

// Tag is the image's tag and the chart's version.
func (p Plan) Tag() string { return strings.TrimPrefix(p.Version, "v") }
