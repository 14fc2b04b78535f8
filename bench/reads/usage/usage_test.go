package usage

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestBothVersionsOfCgroupsAreRead(t *testing.T) {
	want := Spent{At: 9000500 * time.Millisecond, CPU: 1500 * time.Millisecond, Held: 2 * time.Second}
	for name, said := range map[string]string{
		"1": "9000.50 17000.00\nusage 1500000000\nnr_periods 60\nnr_throttled 50\nthrottled_time 2000000000\n",
		"2": "9000.50 17000.00\nusage_usec 1500000\nuser_usec 1000000\nsystem_usec 500000\nnr_periods 60\nnr_throttled 50\nthrottled_usec 2000000\n",
	} {
		t.Run(name, func(t *testing.T) {
			s, err := read(said)
			require.NoError(t, err)
			require.Equal(t, want, s)
		})
	}
}

func TestWhatIsNoCounterIsSaid(t *testing.T) {
	for name, said := range map[string]string{
		"nothing": "", "no clock": "usage 1\n", "no usage": "1.0 2.0\nnr_periods 1\n", "no number": "1.0 2.0\nusage \n",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := read(said)
			require.Error(t, err)
		})
	}
}

func TestARateIsOfTheTimeBetweenTwoReadings(t *testing.T) {
	before := Spent{At: 10 * time.Second, CPU: time.Second}
	rate, err := Rate(before, Spent{At: 16 * time.Second, CPU: 1600 * time.Millisecond})
	require.NoError(t, err)
	require.InDelta(t, 0.1, rate, 1e-9)
	_, err = Rate(before, Spent{At: 16 * time.Second, CPU: time.Millisecond})
	require.ErrorContains(t, err, "began anew")
}

func TestTheIdleShareIsOfAllProcessors(t *testing.T) {
	before, err := readMachine("cpu  100 10 50 1000 40 0 5 0 7 0\ncpu0 1 2 3\n")
	require.NoError(t, err)
	require.Equal(t, Machine{Idle: 1040, All: 1205}, before)
	after, err := readMachine("cpu  180 10 50 1018 42 0 5 0 7 0\n")
	require.NoError(t, err)
	require.InDelta(t, 0.2, after.IdleSince(before), 1e-9)
	require.Zero(t, before.IdleSince(before))
	_, err = readMachine("intr 1 2 3\n")
	require.Error(t, err)
}
