package kube

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"memgraph-controller/e2e/kube/fleet"
)

// The user of the database's image.
const databaseUID, databaseGID = 101, 103

const dataVolume = "data"

// databaseSpec is a pod with one database, as somebody would write it by hand for
// a namespace that admits restricted pods only.
func databaseSpec(container, image string, data corev1.VolumeSource) corev1.PodSpec {
	return corev1.PodSpec{
		SecurityContext: &corev1.PodSecurityContext{
			RunAsNonRoot: new(true), RunAsUser: new(int64(databaseUID)), RunAsGroup: new(int64(databaseGID)), FSGroup: new(int64(databaseGID)),
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
		AutomountServiceAccountToken: new(false),
		Containers: []corev1.Container{{
			Name: container, Image: image, ImagePullPolicy: corev1.PullIfNotPresent,
			Args: []string{
				"--data-directory=/var/lib/memgraph/data", "--log-file=", "--also-log-to-stderr=true",
				"--storage-wal-enabled=true", "--storage-snapshot-on-exit=false", "--telemetry-enabled=false",
			},
			Ports: []corev1.ContainerPort{{Name: "bolt", ContainerPort: boltPort}, {Name: "replication", ContainerPort: replicationPort}},
			SecurityContext: &corev1.SecurityContext{
				AllowPrivilegeEscalation: new(false), Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
			},
			VolumeMounts: []corev1.VolumeMount{{Name: dataVolume, MountPath: "/var/lib/memgraph"}},
		}},
		Volumes: []corev1.Volume{{Name: dataVolume, VolumeSource: data}},
	}
}

// databasesByHand is a StatefulSet of three databases and its Service, without
// anything of the chart.
func databasesByHand(name, image string) (*corev1.Service, *appsv1.StatefulSet) {
	labels := map[string]string{"app": name}
	service := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: corev1.ServiceSpec{
			ClusterIP: corev1.ClusterIPNone, Selector: labels, PublishNotReadyAddresses: true,
			Ports: []corev1.ServicePort{{Name: "bolt", Port: boltPort}, {Name: "replication", Port: replicationPort}},
		},
	}
	spec := databaseSpec(fleet.Database, image, corev1.VolumeSource{})
	spec.Volumes = nil // the claim below takes its place
	return service, &appsv1.StatefulSet{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.StatefulSetSpec{
			ServiceName: name, Replicas: new(int32(3)), PodManagementPolicy: appsv1.ParallelPodManagement,
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: spec},
			VolumeClaimTemplates: []corev1.PersistentVolumeClaim{{
				ObjectMeta: metav1.ObjectMeta{Name: dataVolume},
				Spec: corev1.PersistentVolumeClaimSpec{
					AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
					Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}},
				},
			}},
		},
	}
}
