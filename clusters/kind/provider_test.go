package kind

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kind/pkg/exec"

	steplog "memgraph-controller/clusters/progress"
)

func TestErrorsOfKindTellWhatTheProgramSaidAndWhatToDo(t *testing.T) {
	failed := func(output string) error {
		return fmt.Errorf("create: %w", error(&exec.RunError{Command: []string{"docker", "run"}, Output: []byte(output), Inner: errors.New("exit 1")}))
	}
	err := explain(failed("runc: unable to apply caps: operation not permitted\n"))
	require.ErrorContains(t, err, "operation not permitted")
	require.ErrorContains(t, err, "CAP_SYS_RESOURCE")
	require.ErrorContains(t, explain(failed("kube-proxy: too many open files")), "sysctl -w fs.inotify")
	require.ErrorContains(t, explain(failed("no space left on device")), "no space left")
	require.EqualError(t, explain(errors.New("no nodes")), "no nodes")
	silent := failed("")
	require.Equal(t, silent, explain(silent))
}

func TestMessagesOfKindAreStepsAndItsChatterIsNot(t *testing.T) {
	var out strings.Builder
	log := steps{steplog.To(&out)}
	log.V(0).Infof(" * Preparing %s \n", "nodes")
	log.V(1).Info("docker inspect ...")
	log.Warn("cgroup v1 is deprecated")
	log.V(0).Info("\n")
	log.V(0).Infof(" ✓ Preparing %s \n", "nodes")
	require.Equal(t, "   0s  kind: * Preparing nodes\n   0s  kind: warning: cgroup v1 is deprecated\n", out.String())
}
