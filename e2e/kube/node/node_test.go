package node

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const tasks = `TASK                                                                PID     STATUS
0b6ad0a5f5ee1c3b6f7ff2be2b0cbbba6ac1b2b0d97bfd0c6f3c85a3d7d5a001    1834    RUNNING
c51e0d6f4d0b0d9f5a5d3e0b8f0a4be5c0d4f2a1b3c4d5e6f708192a3b4c5d6e    2977    STOPPED
`

func TestAProcessIsFoundByTheIDOfItsContainer(t *testing.T) {
	pid, err := taskPID(tasks, "containerd://0b6ad0a5f5ee1c3b6f7ff2be2b0cbbba6ac1b2b0d97bfd0c6f3c85a3d7d5a001")
	require.NoError(t, err)
	require.Equal(t, 1834, pid)
}

func TestAContainerThatDoesNotRunHasNoProcess(t *testing.T) {
	for name, id := range map[string]string{
		"stopped": "containerd://c51e0d6f4d0b0d9f5a5d3e0b8f0a4be5c0d4f2a1b3c4d5e6f708192a3b4c5d6e",
		"unknown": "containerd://ffff", "none yet": "",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := taskPID(tasks, id)
			require.Error(t, err)
		})
	}
}

func TestOnlyEstablishedConnectionsToThePortCount(t *testing.T) {
	// 7687 is 1E07: a listener, two connections, one that is closing, and one
	// from this side to somebody else's port 7687.
	const tcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:1E07 00000000:0000 0A 00000000:00000000 00:00000000 00000000   101        0 11 1 0 100 0 0 10 0
   1: 0501F40A:1E07 0602F40A:9C40 01 00000000:00000000 02:00000000 00000000   101        0 12 1 0 20 4 30 10 -1
   2: 0501F40A:1E07 0702F40A:9C41 06 00000000:00000000 03:00000000 00000000     0        0 0 3 0
   3: 0501F40A:9C42 0702F40A:1E07 01 00000000:00000000 00:00000000 00000000     0        0 13 1 0
`
	const tcp6 = `  sl  local_address                         remote_address                        st
   0: 0000000000000000FFFF00000501F40A:1E07 0000000000000000FFFF00000802F40A:9C44 01 00000000:00000000
`
	require.Equal(t, 1, established(tcp, 7687))
	require.Equal(t, 1, established(tcp6, 7687))
}

func TestCPUTimeIsReadBehindANameWithSpacesAndBrackets(t *testing.T) {
	cpu, err := cpuTime("1834 (a ) b) S 1 1834 1834 0 -1 1077936384 5000 0 0 0 123 45 0 0 20 0 9 0 5000 1 2 3\n")
	require.NoError(t, err)
	require.Equal(t, 1680*time.Millisecond, cpu)
	_, err = cpuTime("1834 (a) S 1")
	require.Error(t, err)
}

func TestResidentMemoryIsReadInBytes(t *testing.T) {
	memory, err := resident("Name:\tmemgraph\nVmPeak:\t  900000 kB\nVmRSS:\t   40960 kB\nThreads:\t9\n")
	require.NoError(t, err)
	require.Equal(t, int64(40<<20), memory)
	_, err = resident("Name:\tkthreadd\n")
	require.Error(t, err)
}
