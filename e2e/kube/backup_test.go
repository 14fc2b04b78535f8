package kube

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"memgraph-controller/clusters/helm"
)

const (
	backupNamespace = "e2e-backup"
	backupClaim     = "backups"
	// nodesBackedUp are written before the backup, and as many after it.
	nodesBackedUp = 2000
	backupWithin  = 3 * time.Minute
)

// Everything of a release is lost but the volume with its backups.
func TestBackupIsRestoredIntoANewRelease(t *testing.T) {
	scenario(t, "all that was there at the time of the backup is there again, in every instance", func(ctx context.Context, s *Scenario) {
		release := s.release(backupNamespace, "kept")
		release.Values = helm.Merged(release.Values, helm.Values{
			"backup": helm.Values{"enabled": true, "store": helm.Values{"claim": backupClaim}},
		})
		r := s.apart(ctx, release)
		require.NoError(s, r.namespace(ctx))
		r.claim(ctx)
		require.NoError(s, r.Install(ctx, nil))
		r.reachThroughAPod(ctx)
		r.Whole(ctx, s)
		r.write(ctx, "Before")
		r.backUp(ctx)
		r.write(ctx, "After")

		require.NoError(s, s.Helm.Uninstall(ctx, r.Prefix, r.Namespace))
		r.forgetEverything(ctx)
		require.NoError(s, r.Install(ctx, helm.Values{"restore": helm.Values{"backup": "latest"}}))
		r.reachThroughAPod(ctx)
		for _, i := range r.Whole(ctx, s).Instances {
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

// backUp starts a job as the schedule would, and waits until it is done.
func (s *Scenario) backUp(ctx context.Context) {
	s.Helper()
	schedule, err := s.Client.BatchV1().CronJobs(s.Namespace).Get(ctx, s.Prefix+"-backup", metav1.GetOptions{})
	require.NoError(s, err)
	jobs := s.Client.BatchV1().Jobs(s.Namespace)
	job, err := jobs.Create(ctx, &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{GenerateName: s.Prefix + "-backup-now-"}, Spec: schedule.Spec.JobTemplate.Spec,
	}, metav1.CreateOptions{})
	require.NoError(s, err)
	s.Eventually(ctx, "the backup is complete", backupWithin, func(ctx context.Context) error {
		now, err := jobs.Get(ctx, job.Name, metav1.GetOptions{})
		if err == nil && now.Status.Succeeded == 0 {
			err = fmt.Errorf("%d of its pods failed, %d run", now.Status.Failed, now.Status.Active)
		}
		return err
	})
}

// forgetEverything removes what an uninstalled release leaves: the volumes of the databases
// and what the controllers knew. The volume with the backups stays.
func (s *Scenario) forgetEverything(ctx context.Context) {
	s.Helper()
	claims := s.Client.CoreV1().PersistentVolumeClaims(s.Namespace)
	s.Eventually(ctx, "the volumes of the databases are gone", backupWithin, func(ctx context.Context) error {
		if err := claims.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: s.Databases}); err != nil {
			return err
		}
		left, err := claims.List(ctx, metav1.ListOptions{LabelSelector: s.Databases})
		if err == nil && len(left.Items) > 0 {
			err = fmt.Errorf("%d are left", len(left.Items))
		}
		return err
	})
	for _, name := range []string{s.StatefulSet + "-topology", s.StatefulSet + "-orders"} {
		_ = s.Client.CoreV1().ConfigMaps(s.Namespace).Delete(ctx, name, metav1.DeleteOptions{}) // or there was no order
	}
	require.NoError(s, s.Client.CoordinationV1().Leases(s.Namespace).Delete(ctx, s.StatefulSet+"-controller", metav1.DeleteOptions{}))
}
