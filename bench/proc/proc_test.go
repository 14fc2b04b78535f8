package proc

import (
	"bufio"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestProcessorTimeIsThatOfTheKernel(t *testing.T) {
	for begun := consumed(t); consumed(t) < begun+3*rounding; { // on a busy machine, too
	}
	before := consumed(t)
	usage, err := Of(os.Getpid())
	require.NoError(t, err)
	require.GreaterOrEqual(t, usage.CPU, before-rounding)
	require.LessOrEqual(t, usage.CPU, consumed(t)+rounding)
	require.NotZero(t, usage.Switches)
}

func consumed(t *testing.T) time.Duration {
	var at syscall.Rusage
	require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &at))
	return time.Duration(at.Utime.Nano() + at.Stime.Nano())
}

// rounding covers that getrusage rounds to microseconds, and that another thread may
// be in the midst of its slice.
const rounding = 10 * time.Millisecond

func TestChildrenCount(t *testing.T) {
	cmd := exec.Command("sh", "-c", "sleep 60 & echo begun; wait")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(t, cmd.Start())
	defer func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	}()
	require.True(t, bufio.NewScanner(out).Scan())
	tree, err := Tree(cmd.Process.Pid)
	require.NoError(t, err)
	require.Len(t, tree, 2)
	memory, err := Memory(cmd.Process.Pid)
	require.NoError(t, err)
	require.NotZero(t, memory)
}

func TestFieldsAreReadAsTheKernelWritesThem(t *testing.T) {
	rollup := "55d0c0000000-7ffd12345000 ---p 00000000 00:00 0    [rollup]\nRss:               13004 kB\nPss:               10912 kB\nPss_Dirty:          4096 kB\n"
	n, err := field(rollup, "Pss")
	require.NoError(t, err)
	require.EqualValues(t, 10912, n)
	n, err = field("Name:\tnginx\nvoluntary_ctxt_switches:\t17\nnonvoluntary_ctxt_switches:\t4\n", "voluntary_ctxt_switches")
	require.NoError(t, err)
	require.EqualValues(t, 17, n)
	_, err = field(rollup, "Swap")
	require.ErrorContains(t, err, "has no Swap")
}

func TestAProcessThatIsGoneIsAnError(t *testing.T) {
	_, err := Of(1 << 30)
	require.ErrorContains(t, err, "process 1073741824")
}
