package docker

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"memgraph-controller/clusters/command"
)

// runtimePath is not under /run, which many machines mount noexec.
const runtimePath = "/usr/local/lib/memgraph-controller/" + runtimeName

// BuildRuntime compiles the runtime out of the module in the folder module and
// returns where it is.
func BuildRuntime(ctx context.Context, run commands, module string) (string, error) {
	if err := os.MkdirAll(filepath.Dir(runtimePath), 0o755); err != nil {
		return "", fmt.Errorf("build the runtime for Docker: %w", err)
	}
	build := command.New("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", runtimePath, "./clusters/docker/runtime")
	build.Dir, build.Env = module, []string{"CGO_ENABLED=0"}
	if _, err := run.Run(ctx, build); err != nil {
		return "", fmt.Errorf("build the runtime for Docker: %w", err)
	}
	return runtimePath, nil
}
