package kind

import (
	"errors"
	"strings"

	"sigs.k8s.io/kind/pkg/exec"
)

// advice tells what to do about an error of kind that does not say so itself.
func advice(err error) string {
	output := err.Error()
	if run, ok := errors.AsType[*exec.RunError](err); ok {
		output += string(run.Output)
	}
	switch {
	case strings.Contains(output, "unable to apply caps"):
		return "\nthe Docker engine cannot start privileged containers here, since this machine withholds CAP_SYS_RESOURCE: " +
			"end that engine, and the next run starts one that can"
	case strings.Contains(output, "too many open files"):
		return "\nraise the limit: sysctl -w fs.inotify.max_user_instances=512"
	}
	return ""
}
