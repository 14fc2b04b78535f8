package offline

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"

	"memgraph-controller/clusters/command"
)

var sandboxImage = regexp.MustCompile(`sandbox_image = ".*"`)

const oomScore = "restrict_oom_score_adj = false"

// containerd changes kind's configuration in two places: the sandbox is the one
// that is there, and scores that the kernel would refuse are not asked for.
// Without the latter no pod starts where CAP_SYS_RESOURCE is withheld.
func (s system) containerd() error {
	const name = "etc/containerd/config.toml"
	text, err := os.ReadFile(s.path(name))
	if err != nil {
		return err
	}
	config := string(text)
	if !sandboxImage.MatchString(config) || !strings.Contains(config, oomScore) {
		return fmt.Errorf("%s of kind has another form than expected: look for sandbox_image and restrict_oom_score_adj", name)
	}
	config = sandboxImage.ReplaceAllString(config, fmt.Sprintf("sandbox_image = %q", s.pause))
	config = strings.Replace(config, oomScore, strings.Replace(oomScore, "false", "true", 1), 1)
	return s.write(name, config, 0o644)
}

// baseSpec writes what every container of the node starts from: what containerd
// would take by itself, with kind's hook and without limits of resources.
func (s system) baseSpec(ctx context.Context) error {
	text, err := s.run.Run(ctx, command.New("chroot", s.root, "ctr", "oci", "spec"))
	if err != nil {
		return err
	}
	spec, err := withHook([]byte(text))
	if err != nil {
		return fmt.Errorf("ctr oci spec: %w", err)
	}
	return s.write("etc/containerd/cri-base.json", string(spec), 0o644)
}

func withHook(text []byte) ([]byte, error) {
	var spec map[string]any
	if err := json.Unmarshal(text, &spec); err != nil {
		return nil, err
	}
	process, ok := spec["process"].(map[string]any)
	if !ok {
		return nil, fmt.Errorf("no process in it")
	}
	delete(process, "rlimits")
	spec["hooks"] = map[string]any{"createContainer": []any{map[string]any{"path": "/kind/bin/mount-product-files.sh"}}}
	return json.MarshalIndent(spec, "", "  ")
}
