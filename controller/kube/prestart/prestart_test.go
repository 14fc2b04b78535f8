package prestart

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"memgraph-controller/controller/topology"
)

const (
	oldPod, newPod = "uid-old", "uid-new"
	oldProcess     = "0123456789ab-uid-old"
)

// book is a Source with one order.
type book struct {
	order  *Order
	record topology.Record
	fail   func() error
	asked  int
}

func (b *book) Pending(context.Context, string) (*Order, topology.Record, error) {
	b.asked++
	if b.fail != nil {
		if err := b.fail(); err != nil {
			return nil, topology.Record{}, err
		}
	}
	return b.order, b.record, nil
}

func (b *book) Founded(context.Context) (bool, error) {
	if b.fail != nil {
		return false, b.fail()
	}
	return b.record.Epoch > 0, nil
}

func ordered(do Verb) *Order {
	return &Order{Do: do, Pod: oldPod, Process: oldProcess, Reason: "It holds another database!", At: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)}
}

// quarantined is a record that lets the data of memgraph-1 be set aside.
func quarantined() topology.Record {
	return topology.Record{
		Format: topology.Format, Epoch: 7, Main: "memgraph-0", Voter: "memgraph-2", Gate: topology.GateOpen,
		Members: map[string]topology.Member{"memgraph-1": {Quarantined: &topology.Quarantine{Reason: "r", Process: oldProcess}}},
	}
}

// used makes a volume whose data the old pod used last, and the Config with
// which the new pod looks at it.
func used(t *testing.T, source Source) (Config, *bytes.Buffer) {
	t.Helper()
	root := t.TempDir()
	data := filepath.Join(root, "data")
	require.NoError(t, os.MkdirAll(filepath.Join(data, "replication", "deep"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(data, "wal"), []byte("precious"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(data, ".lock"), nil, 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(root, "last-pod"), []byte(oldPod+"\n"), 0o644))
	log := &bytes.Buffer{}
	return Config{Instance: "memgraph-1", Pod: newPod, Data: data, Source: source, Log: slog.New(slog.NewTextHandler(log, nil))}, log
}

func requireUntouched(t *testing.T, c Config) {
	t.Helper()
	require.FileExists(t, filepath.Join(c.Data, "wal"))
	require.DirExists(t, filepath.Join(c.Data, "replication", "deep"))
	require.NoDirExists(t, filepath.Join(filepath.Dir(c.Data), "quarantine"))
}

func lastPod(t *testing.T, c Config) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(filepath.Dir(c.Data), "last-pod"))
	require.NoError(t, err)
	return string(data)
}

func TestWithoutOrderNothingIsTouchedAndThePodIsNoted(t *testing.T) {
	config, _ := used(t, &book{})
	require.NoError(t, Run(t.Context(), config))
	requireUntouched(t, config)
	require.Equal(t, newPod+"\n", lastPod(t, config))
}

func TestFirstStartOnAnEmptyVolume(t *testing.T) {
	config, _ := used(t, &book{order: ordered(Reseed), record: quarantined()})
	config.Data = filepath.Join(t.TempDir(), "data")
	require.NoError(t, Run(t.Context(), config))
	require.NoDirExists(t, config.Data)
	require.Equal(t, newPod+"\n", lastPod(t, config))
}

func TestRestartForgetsTheRoleAndKeepsTheData(t *testing.T) {
	config, _ := used(t, &book{order: ordered(Restart), record: quarantined()})
	require.NoError(t, Run(t.Context(), config))
	require.NoDirExists(t, filepath.Join(config.Data, "replication"))
	require.FileExists(t, filepath.Join(config.Data, "wal"))
	entries, err := os.ReadDir(filepath.Dir(config.Data))
	require.NoError(t, err)
	require.Len(t, entries, 2, "only data and last-pod are left")
}

func TestReseedSetsTheDataAsideAndDeletesNothing(t *testing.T) {
	config, log := used(t, &book{order: ordered(Reseed), record: quarantined()})
	require.NoError(t, Run(t.Context(), config))
	require.NoDirExists(t, config.Data)
	aside := filepath.Join(filepath.Dir(config.Data), "quarantine", "20260304T050607Z-it-holds-another-database")
	content, err := os.ReadFile(filepath.Join(aside, "wal"))
	require.NoError(t, err)
	require.Equal(t, "precious", string(content))
	require.DirExists(t, filepath.Join(aside, "replication", "deep"))
	require.Equal(t, newPod+"\n", lastPod(t, config))
	require.Contains(t, log.String(), aside)
}

func TestOrderIsCarriedOutOnce(t *testing.T) {
	for _, do := range []Verb{Restart, Reseed} {
		t.Run(string(do), func(t *testing.T) {
			source := &book{order: ordered(do), record: quarantined()}
			config, _ := used(t, source)
			require.NoError(t, Run(t.Context(), config))

			later := config
			later.Pod = "uid-later"
			require.NoError(t, os.MkdirAll(filepath.Join(config.Data, "replication"), 0o755))
			require.NoError(t, Run(t.Context(), later))
			require.DirExists(t, filepath.Join(config.Data, "replication"))
			require.Equal(t, "uid-later\n", lastPod(t, config))
		})
	}
}

// TestOrderSurvivesACrashInTheMiddle: the data are already aside, or the role is
// already gone, but the pod was not noted yet.
func TestOrderSurvivesACrashInTheMiddle(t *testing.T) {
	for _, do := range []Verb{Restart, Reseed} {
		config, _ := used(t, &book{order: ordered(do), record: quarantined()})
		v := volume{data: config.Data}
		require.NoError(t, v.carryOut(*ordered(do), config.Log))
		require.Equal(t, oldPod+"\n", lastPod(t, config))
		require.NoError(t, Run(t.Context(), config))
		require.Equal(t, newPod+"\n", lastPod(t, config))
		copies, err := v.quarantine().List()
		require.NoError(t, err)
		require.Len(t, copies, map[Verb]int{Restart: 0, Reseed: 1}[do])
	}
}

func TestHalfRemovedRoleOfAnEarlierCrashIsCleared(t *testing.T) {
	config, _ := used(t, &book{order: ordered(Restart), record: quarantined()})
	left := filepath.Join(filepath.Dir(config.Data), "replication.forgotten", "half")
	require.NoError(t, os.MkdirAll(left, 0o755))
	require.NoError(t, Run(t.Context(), config))
	require.NoDirExists(t, filepath.Join(config.Data, "replication"))
	require.NoDirExists(t, filepath.Dir(left))
}

func TestSecondCopyOfTheSameSecondGetsANameOfItsOwn(t *testing.T) {
	config, _ := used(t, &book{order: ordered(Reseed), record: quarantined()})
	taken := filepath.Join(filepath.Dir(config.Data), "quarantine", "20260304T050607Z-it-holds-another-database")
	require.NoError(t, os.MkdirAll(filepath.Join(taken, "first"), 0o755))
	require.NoError(t, Run(t.Context(), config))
	require.DirExists(t, filepath.Join(taken, "first"))
	require.FileExists(t, filepath.Join(taken+"-2", "wal"))
}

func TestOrderThatTheRecordOrTheVolumeContradictsIsRefused(t *testing.T) {
	order := func(do Verb, change func(*Order)) *Order { o := ordered(do); change(o); return o }
	record := func(change func(*topology.Record)) topology.Record { r := quarantined(); change(&r); return r }
	same := func(*Order) {}
	for name, c := range map[string]struct {
		order  *Order
		record topology.Record
		says   string
	}{
		"about this very pod":            {order(Restart, func(o *Order) { o.Pod = newPod }), quarantined(), "this very pod"},
		"about a pod before the last":    {order(Reseed, func(o *Order) { o.Pod = "uid-older" }), quarantined(), "since then pod uid-old has used them"},
		"restart of the main":            {order(Restart, same), record(func(r *topology.Record) { r.Main = "memgraph-1" }), "names it as main"},
		"without a record":               {order(Restart, same), topology.Record{}, "no record"},
		"reseed of the main":             {order(Reseed, same), record(func(r *topology.Record) { r.Main = "memgraph-1" }), "needs its data"},
		"reseed of the voter":            {order(Reseed, same), record(func(r *topology.Record) { r.Voter = "memgraph-1" }), "needs its data"},
		"reseed of the heir":             {order(Reseed, same), record(func(r *topology.Record) { r.Main, r.Heir = "", "memgraph-1" }), "needs its data"},
		"reseed of the main before":      {order(Reseed, same), record(func(r *topology.Record) { r.From = "memgraph-1" }), "needs its data"},
		"not quarantined any more":       {order(Reseed, same), record(func(r *topology.Record) { r.Members = nil }), "does not quarantine it"},
		"another process is quarantined": {order(Reseed, func(o *Order) { o.Process = "ba9876543210-uid-old" }), quarantined(), "quarantines process " + oldProcess},
		"another instance is quarantined": {order(Reseed, same), record(func(r *topology.Record) {
			r.Members["memgraph-2"] = r.Members["memgraph-1"]
			delete(r.Members, "memgraph-1")
		}), "does not quarantine it"},
	} {
		t.Run(name, func(t *testing.T) {
			config, log := used(t, &book{order: c.order, record: c.record})
			require.NoError(t, Run(t.Context(), config), "the database may start")
			requireUntouched(t, config)
			require.Contains(t, log.String(), c.says)
		})
	}
}

func TestUnknownOwnerOfTheDataKeepsThem(t *testing.T) {
	config, log := used(t, &book{order: ordered(Reseed), record: quarantined()})
	require.NoError(t, os.Remove(filepath.Join(filepath.Dir(config.Data), "last-pod")))
	require.NoError(t, Run(t.Context(), config))
	requireUntouched(t, config)
	require.Contains(t, log.String(), "nobody knows which pod used the data last")
	require.Equal(t, newPod+"\n", lastPod(t, config))
}

func TestDatabaseStartsUntouchedWhenOrdersCannotBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &book{order: ordered(Reseed), record: quarantined(), fail: func() error { return errors.New("connection refused") }}
		config, log := used(t, source)
		began := time.Now()
		require.NoError(t, Run(t.Context(), config))
		require.Equal(t, patience, time.Since(began))
		require.Greater(t, source.asked, 10)
		requireUntouched(t, config)
		require.Contains(t, log.String(), "connection refused")
		require.Equal(t, newPod+"\n", lastPod(t, config))
	})
}

func TestOrderIsReadAfterAnInterruption(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &book{order: ordered(Reseed), record: quarantined()}
		source.fail = func() error {
			if source.asked < 5 {
				return errors.New("connection refused")
			}
			return nil
		}
		config, _ := used(t, source)
		require.NoError(t, Run(t.Context(), config))
		require.NoDirExists(t, config.Data)
	})
}

func TestInterruptedPodDoesNotClaimTheData(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config, _ := used(t, &book{fail: func() error { return errors.New("connection refused") }})
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		require.ErrorIs(t, Run(ctx, config), context.DeadlineExceeded)
		require.Equal(t, oldPod+"\n", lastPod(t, config))
	})
}

// locks are the ways in which a database holds its data directory.
var locks = map[string]func(*testing.T, *os.File){
	"fcntl, as Memgraph does": func(t *testing.T, f *os.File) {
		// The lock of an open file, since a process cannot conflict with itself
		// otherwise.
		require.NoError(t, unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_WRLCK}))
	},
	"flock, as the stand-in does": func(t *testing.T, f *os.File) {
		require.NoError(t, unix.Flock(int(f.Fd()), unix.LOCK_EX))
	},
}

func TestLivingProcessOfAnEarlierPodIsWaitedFor(t *testing.T) {
	for name, lock := range locks {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				source := &book{order: ordered(Reseed), record: quarantined()}
				config, _ := used(t, source)
				held, err := os.OpenFile(filepath.Join(config.Data, ".lock"), os.O_RDWR, 0)
				require.NoError(t, err)
				lock(t, held)
				time.AfterFunc(3*time.Second, func() { held.Close() })
				began := time.Now()
				require.NoError(t, Run(t.Context(), config))
				require.Equal(t, 3*time.Second, time.Since(began).Truncate(time.Second))
				require.Equal(t, 1, source.asked, "the order is read when the old process is gone")
				require.NoDirExists(t, config.Data)
			})
		})
	}
}

func TestNobodyCanUseTheDataMeanwhile(t *testing.T) {
	source := &book{order: ordered(Reseed), record: quarantined()}
	config, _ := used(t, source)
	source.fail = func() error {
		file, err := os.OpenFile(filepath.Join(config.Data, ".lock"), os.O_RDWR, 0)
		require.NoError(t, err)
		defer file.Close()
		err = unix.FcntlFlock(file.Fd(), unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_WRLCK})
		require.ErrorIs(t, err, unix.EAGAIN)
		return nil
	}
	require.NoError(t, Run(t.Context(), config))
	require.NoDirExists(t, config.Data)
}

func TestProcessThatNeverEndsKeepsThePodFromStarting(t *testing.T) {
	for name, lock := range locks {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				config, _ := used(t, &book{order: ordered(Reseed), record: quarantined()})
				held, err := os.OpenFile(filepath.Join(config.Data, ".lock"), os.O_RDWR, 0)
				require.NoError(t, err)
				defer held.Close()
				lock(t, held)
				err = Run(t.Context(), config)
				require.ErrorIs(t, err, errLocked)
				require.ErrorContains(t, err, "end it on its node")
				requireUntouched(t, config)
				require.Equal(t, oldPod+"\n", lastPod(t, config))
			})
		})
	}
}

// mounted puts a file system of its own at a path.
func mounted(t *testing.T, path string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(path, 0o755))
	if err := unix.Mount("tmpfs", path, "tmpfs", 0, ""); err != nil {
		t.Skipf("needs the right to mount: %v", err)
	}
	t.Cleanup(func() { require.NoError(t, unix.Unmount(path, 0)) })
}

func TestDataOnAMountOfTheirOwnAreRefusedBeforeAnyOrderComes(t *testing.T) {
	config, _ := used(t, &book{})
	mounted(t, config.Data)
	err := Run(t.Context(), config)
	require.ErrorContains(t, err, "Mount the volume at "+filepath.Dir(config.Data))
	require.Equal(t, oldPod+"\n", lastPod(t, config))
}

func TestOrderThatCannotBeCarriedOutKeepsThePodFromStarting(t *testing.T) {
	config, _ := used(t, &book{order: ordered(Reseed), record: quarantined()})
	mounted(t, filepath.Join(filepath.Dir(config.Data), "quarantine"))
	err := Run(t.Context(), config)
	require.ErrorIs(t, err, unix.EXDEV)
	require.ErrorContains(t, err, "reseed of memgraph-1")
	require.FileExists(t, filepath.Join(config.Data, "wal"))
	require.Equal(t, oldPod+"\n", lastPod(t, config), "the order stays pending")
}

func TestOrderIsStoredAndReadStrictly(t *testing.T) {
	text, err := Encode(*ordered(Reseed))
	require.NoError(t, err)
	back, err := Decode(text)
	require.NoError(t, err)
	require.Equal(t, *ordered(Reseed), back)
	for text, says := range map[string]string{
		``:                                    "EOF",
		`{"do":"reseed","pod":"p","process":`: "unexpected EOF",
		`{"do":"wipe","pod":"p","process":"q","at":"2026-01-01T00:00:00Z"}`:               `"wipe" is neither`,
		`{"do":"reseed","process":"q","at":"2026-01-01T00:00:00Z"}`:                       "which pod",
		`{"do":"reseed","pod":"p","at":"2026-01-01T00:00:00Z"}`:                           "which pod",
		`{"do":"reseed","pod":"p","process":"q","unless":true}`:                           `unknown field "unless"`,
		`{"do":"reseed","pod":"p","process":"q"} {"do":"reseed","pod":"p","process":"q"}`: "more after its end",
	} {
		_, err := Decode(text)
		require.ErrorContains(t, err, says, text)
	}
	_, err = Encode(Order{Do: Reseed})
	require.Error(t, err)
}

func TestIncompleteConfigIsRefused(t *testing.T) {
	config, _ := used(t, &book{})
	for _, change := range []func(*Config){
		func(c *Config) { c.Instance = "" },
		func(c *Config) { c.Pod = "" },
		func(c *Config) { c.Data = "data" },
	} {
		bad := config
		change(&bad)
		require.ErrorContains(t, Run(t.Context(), bad), "are needed")
	}
	requireUntouched(t, config)
}

// virgin is a volume that nobody ever used, with a backup that can be restored.
func virgin(t *testing.T, source Source) (config Config, restored *int) {
	t.Helper()
	config, _ = used(t, source)
	config.Data, restored = filepath.Join(t.TempDir(), "data"), new(int)
	config.Restore = func(context.Context) error {
		*restored++
		return os.MkdirAll(filepath.Join(config.Data, "snapshots"), 0o755)
	}
	return config, restored
}

func TestABackupIsRestoredOnceOnAVolumeThatNobodyUsed(t *testing.T) {
	config, restored := virgin(t, &book{})
	require.NoError(t, Run(t.Context(), config))
	require.DirExists(t, filepath.Join(config.Data, "snapshots"))
	config.Pod = "uid-later"
	require.NoError(t, Run(t.Context(), config))
	require.Equal(t, 1, *restored)
}

// Its other instances have newer data than any backup.
func TestNothingIsRestoredIntoAClusterThatHadAMain(t *testing.T) {
	config, restored := virgin(t, &book{record: quarantined()})
	require.NoError(t, Run(t.Context(), config))
	require.Zero(t, *restored)
}

func TestNothingIsRestoredOverWhatIsThere(t *testing.T) {
	for _, left := range []string{"data", "quarantine", "last-pod"} {
		config, restored := virgin(t, &book{})
		require.NoError(t, os.Mkdir(filepath.Join(filepath.Dir(config.Data), left), 0o755))
		_ = Run(t.Context(), config) // last-pod is a folder here, which is refused
		require.Zero(t, *restored, left)
	}
}

// founded is a book of a cluster that is founded after a while.
type founded struct {
	book
	by time.Time
}

func (f *founded) Founded(context.Context) (bool, error) { return !time.Now().Before(f.by), nil }

// A person chose another instance, because the backup did not come.
func TestABackupThatIsNotNeededAnyMoreIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		config, _ := virgin(t, &founded{by: start.Add(time.Hour)})
		config.Restore = func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}
		require.NoError(t, Run(t.Context(), config))
		require.NoDirExists(t, config.Data, "the database starts empty, and is filled")
		require.LessOrEqual(t, time.Since(start), time.Hour+2*lookAgain)
	})
	synctest.Test(t, func(t *testing.T) { // the pod ends meanwhile
		config, _ := virgin(t, &book{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		config.Restore = func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}
		require.ErrorIs(t, Run(ctx, config), context.DeadlineExceeded)
	})
}

// An empty database that starts instead would found the cluster without the data.
func TestTheDatabaseDoesNotStartWithoutTheBackup(t *testing.T) {
	config, _ := virgin(t, &book{})
	config.Restore = func(context.Context) error { return errors.New("there is no such bucket") }
	require.ErrorContains(t, Run(t.Context(), config), "restore memgraph-1: there is no such bucket")

	synctest.Test(t, func(t *testing.T) {
		blind, restored := virgin(t, &book{fail: func() error { return errors.New("no API server") }})
		require.ErrorContains(t, Run(t.Context(), blind), "restore memgraph-1: is there a topology record? no API server")
		require.Zero(t, *restored)
	})
}
