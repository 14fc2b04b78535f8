package kube

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	guide "memgraph-controller/docs/check"
)

const (
	backupNamespace = "e2e-backup"
	backupClaim     = "backups" // the page's
	// nodesBackedUp are written before the backup, and as many after it.
	nodesBackedUp = 2000
	backupWithin  = 3 * time.Minute
	// restoredWithin is from the installation until all instances are filled.
	restoredWithin = 6 * time.Minute
)

// Everything of a release is lost but the volume with its backups. What a person does is typed
// in as the page has it: turn backups on, make one, restore the latest.
func TestBackupIsRestoredIntoANewRelease(t *testing.T) {
	scenario(t, "all that was there at the time of the backup is there again, in every instance", func(ctx context.Context, s *Scenario) {
		_, blocks := s.pagesOf(guide.Way("TestBackupIsRestoredIntoANewRelease"))
		require.Len(s, blocks, 3)
		turnOn, makeOne, restore := blocks[0], blocks[1], blocks[2]
		r := s.apart(ctx, s.release(backupNamespace, "kept"))
		shell, err := r.NewShell(s.TempDir(), r.Namespace, r.Values)
		require.NoError(s, err)
		require.NoError(s, r.namespace(ctx))
		r.claim(ctx)
		require.NoError(s, r.Install(ctx, nil))
		r.reachThroughAPod(ctx)
		before := r.Whole(ctx, s).Record
		r.types(ctx, shell, turnOn)
		r.write(ctx, "Before")
		r.types(ctx, shell, makeOne)
		r.backedUp(ctx, "backup-now")
		r.write(ctx, "After")

		r.types(ctx, shell, restore)
		s.Eventually(ctx, "the restored release is ready", restoredWithin, func(ctx context.Context) error {
			_, err := r.settled(ctx)
			return err
		})
		r.reachThroughAPod(ctx)
		after := r.Whole(ctx, s)
		require.Equal(s, before.Database, after.Record.Database)
		for _, i := range after.Instances {
			tunnel := r.tunnel(ctx, i.Name, boltPort)
			for label, want := range map[string]int64{"Before": nodesBackedUp, "After": 0} {
				rows, err := ask(ctx, tunnel.Address, fmt.Sprintf("MATCH (n:%s) RETURN count(n)", label))
				require.NoError(s, err)
				require.Equal(s, want, rows[0][0], "%s in %s", label, i.Name)
			}
		}
		r.write(ctx, "Later") // it takes writes
	})
}

// types executes the commands of a block of a page.
func (s *Scenario) types(ctx context.Context, shell *Shell, b guide.Block) {
	s.Helper()
	for _, line := range b.Commands {
		out, err := shell.Run(ctx, line, false)
		require.NoError(s, err, b)
		s.Logf("%s: %s\n%s", b, line, out)
	}
}

// claim makes the volume for backups.
func (s *Scenario) claim(ctx context.Context) {
	s.Helper()
	_, err := s.Client.CoreV1().PersistentVolumeClaims(s.Namespace).Create(ctx, &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Name: backupClaim},
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}},
		},
	}, metav1.CreateOptions{})
	require.NoError(s, err)
}

// write creates nodes through the write gateway.
func (s *Scenario) write(ctx context.Context, label string) {
	s.Helper()
	_, err := ask(ctx, s.Write, fmt.Sprintf("UNWIND range(1, %d) AS i CREATE (:%s {id: i})", nodesBackedUp, label))
	require.NoError(s, err)
}

// backedUp waits until the job of a backup is done.
func (s *Scenario) backedUp(ctx context.Context, job string) {
	s.Helper()
	s.Eventually(ctx, "the backup is complete", backupWithin, func(ctx context.Context) error {
		now, err := s.Client.BatchV1().Jobs(s.Namespace).Get(ctx, job, metav1.GetOptions{})
		if err == nil && now.Status.Succeeded == 0 {
			err = fmt.Errorf("%d of its pods failed, %d run", now.Status.Failed, now.Status.Active)
		}
		return err
	})
}
