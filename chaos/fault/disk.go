package fault

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"memgraph-controller/e2e/kube/fleet"
	"memgraph-controller/e2e/kube/node"
)

// SlowDisk lets the process of a victim write to its disk so many times per second
// and no more, by the block controller of its cgroup: each fsync waits for its
// turn. It needs cgroups of version 1, and is unavailable where they are of version 2;
// Prepare fails where the volume is on no disk.
func SlowDisk(t Target, v Victim, writesPerSecond int) Fault {
	d := disk{target: t, victim: v}
	return Change{
		Title: fmt.Sprintf("slow disk of %s, %d writes/s", v, writesPerSecond),
		Find: func(ctx context.Context) error {
			if err := d.find(ctx); err != nil {
				return err
			}
			if err := d.script(ctx, "test -d /sys/fs/cgroup/blkio"); err != nil {
				return fmt.Errorf("%w: the block controller of cgroups of version 1", ErrUnavailable)
			}
			return d.throttle(ctx, 0) // which changes nothing, and shows that it can be done
		},
		Do:   func(ctx context.Context) error { return d.throttle(ctx, writesPerSecond) },
		Acts: func(ctx context.Context) error { return d.isSlow(ctx, writesPerSecond) },
		Undo: func(ctx context.Context) error { return d.throttle(ctx, 0) },
	}
}

// FullDisk leaves no room on the disk of the main. Preparing it moves the data of a
// replica to a small filesystem of its own, in a file of the node, and lets that
// replica become the main; healing it moves them back. For each move the process is
// killed and comes back on the other disk, with the kubelet stopped meanwhile, so that
// nothing starts on half of the data.
func FullDisk(t Target, move Move) Fault {
	d := disk{target: t, victim: Replica}
	return Change{
		Title: "full disk of main",
		Find: func(ctx context.Context) error {
			if err := d.find(ctx); err != nil {
				return err
			}
			if err := d.script(ctx, moveToSmall); err != nil {
				return err
			}
			return move.until(ctx, t, d.pod)
		},
		Do:     func(ctx context.Context) error { return d.script(ctx, fill) },
		Acts:   func(ctx context.Context) error { return d.script(ctx, isFull) },
		Undo:   func(ctx context.Context) error { return d.script(ctx, moveBack) },
		Undone: func(ctx context.Context) error { return d.script(ctx, isBack) },
	}
}

// disk is that of one database.
type disk struct {
	target  Target
	victim  Victim
	process node.Process
	pod     string
	path    string // of the volume, on the node
}

func (d *disk) find(ctx context.Context) (err error) {
	var pod *corev1.Pod
	if pod, _, d.process, err = d.target.process(ctx, d.victim); err != nil {
		return err
	}
	d.pod = pod.Name
	name, err := fleet.Claim(pod)
	if err != nil {
		return err
	}
	claim, err := d.target.Kube.CoreV1().PersistentVolumeClaims(d.target.Namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	volume, err := d.target.Kube.CoreV1().PersistentVolumes().Get(ctx, claim.Spec.VolumeName, metav1.GetOptions{})
	if err != nil {
		return err
	}
	switch source := volume.Spec.PersistentVolumeSource; {
	case source.HostPath != nil:
		d.path = source.HostPath.Path
	case source.Local != nil:
		d.path = source.Local.Path
	default:
		return fmt.Errorf("volume %s is no folder of a node", volume.Name)
	}
	return nil
}

// script runs one of the scripts below on the node; it does nothing before find.
func (d *disk) script(ctx context.Context, text string, args ...string) error {
	_, err := d.run(ctx, text, args...)
	return err
}

func (d *disk) run(ctx context.Context, text string, args ...string) (string, error) {
	if d.path == "" {
		return "", nil
	}
	return d.process.Node.Run(ctx, "sh", append([]string{"-euc", text, "sh", d.path, strconv.Itoa(d.process.PID)}, args...)...)
}

// cgroup finds the block cgroup of process $2 and the number of the disk under $1.
// A partition is written to by its disk.
const cgroup = `
group=/sys/fs/cgroup/blkio$(sed -n 's/^[0-9]*:[^:]*blkio[^:]*://p' /proc/$2/cgroup)
number=$(mountpoint -d "$(df --output=target "$1" | tail -1)")
test ! -e /sys/dev/block/$number/partition || number=$(cat /sys/dev/block/$number/../dev)
`

// throttle sets the limit; 0: none.
func (d *disk) throttle(ctx context.Context, rate int) error {
	return d.script(ctx, `test -e /proc/$2 || exit 0`+cgroup+`echo "$number $3" > $group/blkio.throttle.write_iops_device`, strconv.Itoa(rate))
}

// isSlow has a process in the same cgroup write three blocks, each of which has to
// be on the disk before the next: unhindered they take milliseconds.
func (d *disk) isSlow(ctx context.Context, rate int) error {
	const blocks = 3
	said, err := d.run(ctx, cgroup+`
sh -euc 'echo $$ > "$1"/cgroup.procs; date +%s%N; dd if=/dev/zero of="$2"/.probe bs=4096 count="$3" oflag=dsync status=none; date +%s%N; rm "$2"/.probe' sh "$group" "$1" "$3"`, strconv.Itoa(blocks))
	if err != nil {
		return err
	}
	times := strings.Fields(said)
	if len(times) != 2 {
		return fmt.Errorf("the probe of the disk said %q", said)
	}
	began, err := strconv.ParseInt(times[0], 10, 64)
	if err != nil {
		return err
	}
	ended, err := strconv.ParseInt(times[1], 10, 64)
	if err != nil {
		return err
	}
	const nano = 1e9
	if least := float64(blocks-1) / float64(rate); float64(ended-began)/nano < least {
		return fmt.Errorf("%d writes took %.3f s, less than %.3f s", blocks, float64(ended-began)/nano, least)
	}
	return nil
}

// The scripts get the folder of the volume as $1. small is its filesystem, and the
// processes that have it open are those of the database's container.
const (
	small = `
image=/var/chaos$1.img; aside=/var/chaos/aside; kubelet=$(pidof kubelet)
users() { for p in /proc/[0-9]*; do if grep -q " /var/lib/memgraph .* $1 " $p/mountinfo 2>/dev/null; then echo ${p#/proc/}; fi; done; }
`
	moveToSmall = small + `
test ! -e $image || { echo "the disk was moved before" >&2; exit 1; }
mkdir -p "$(dirname $image)" $aside
fallocate -l 96M $image; mkfs.ext4 -q -F -m 0 $image
mount -o loop $image $aside
kill -STOP $kubelet; trap 'kill -CONT $kubelet' EXIT
kill -KILL $2
cp -a $1/. $aside/; chmod --reference=$1 $aside
umount $aside; mount -o loop $image $1
`
	fill   = `dd if=/dev/zero of=$1/.filler bs=64k status=none 2>/dev/null || dd if=/dev/zero of=$1/.filler bs=1k oflag=append conv=notrunc status=none 2>/dev/null || true`
	isFull = `test "$(df --output=avail $1 | tail -1)" -eq 0 || { df $1 >&2; exit 1; }; ! dd if=/dev/zero of=$1/.probe bs=4096 count=1 status=none 2>/dev/null`
	// What was written to the small filesystem is moved back, whoever wrote it.
	moveBack = small + `
rm -f $1/.filler $1/.probe
mountpoint -q $1 || { rm -f $image; exit 0; }
kill -STOP $kubelet; trap 'kill -CONT $kubelet' EXIT
device=$(findmnt -n -o SOURCE --target $1)
for p in $(users $device); do kill -KILL $p; done
umount $1; mkdir -p $aside; mount -o loop $image $aside
rm -rf $1/* $1/.[!.]*; cp -a $aside/. $1/; rm -rf $1/lost+found
umount $aside; rm -f $image
`
	isBack = `! mountpoint -q $1`
)
