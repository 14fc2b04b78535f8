package kind

import (
	"errors"
	"fmt"
	"strings"

	"sigs.k8s.io/kind/pkg/exec"

	"memgraph-controller/clusters/command"
)

// explain adds to an error of kind what the program said that failed, which kind
// shows at a higher verbosity only, and what to do about it, where that is known.
func explain(err error) error {
	failed, ok := errors.AsType[*exec.RunError](err)
	if !ok {
		return err
	}
	output := string(failed.Output)
	if said := command.LastLines(output, 15); said != "" {
		err = fmt.Errorf("%w:\n%s", err, said)
	}
	if todo := advice(output); todo != "" {
		err = fmt.Errorf("%w\n%s", err, todo)
	}
	return err
}

func advice(output string) string {
	switch {
	case strings.Contains(output, "unable to apply caps"):
		return "the Docker engine cannot start privileged containers here, since this machine withholds CAP_SYS_RESOURCE: " +
			"end that engine, and the next run starts one that can"
	case strings.Contains(output, "too many open files"):
		return "raise the limit: sysctl -w fs.inotify.max_user_instances=512"
	}
	return ""
}
