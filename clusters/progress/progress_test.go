package progress_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/progress"
)

func TestEveryStepIsOneLineWithTheSecondsSinceTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		log := progress.To(&out)
		log.Step("compile %s", "etcd")
		time.Sleep(75 * time.Second)
		log.Step("create the cluster")
		require.Equal(t, "   0s  compile etcd\n  75s  create the cluster\n", out.String())
	})
}
