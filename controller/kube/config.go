package kube

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/labels"
)

// What the chart has to agree with.
const (
	// DatabaseContainer and ControllerContainer are the names of the containers
	// whose processes are followed, in the database pods and in the controller's.
	DatabaseContainer   = "memgraph"
	ControllerContainer = "controller"
	// InitContainer prepares the data in a database pod, and takes the backup there.
	InitContainer = "reseed-init"
	// BoltPort, ReplicationPort and HTTPPort are the ports of a database and of a
	// controller's API inside their pods.
	BoltPort        = 7687
	ReplicationPort = 10000
	HTTPPort        = 8080
	// ReadinessGate is the condition that tells of a database pod whether it is
	// in sync. Named as a readiness gate in the pod template it makes a rolling
	// update wait for replication.
	ReadinessGate = "memgraph-controller.io/in-sync"
)

// Config says where in Kubernetes a cluster is. Every field is needed.
type Config struct {
	// Namespace is where the databases, the controllers and everything that is
	// stored for them are. Flag --namespace.
	Namespace string
	// StatefulSet is that of the databases. The names of what is stored derive
	// from it: see RecordName, OrdersName and LeaseName. Flag --statefulset.
	StatefulSet string
	// Instances selects the database pods by label and Controllers those of the
	// controllers. Flags --instance-selector and --controller-selector.
	Instances, Controllers string
	// Domain is the DNS domain of the Kubernetes cluster, usually
	// "cluster.local". Flag --cluster-domain.
	Domain string
}

// RecordName is the name of the ConfigMap that holds the topology record.
func (c Config) RecordName() string { return c.StatefulSet + "-topology" }

// OrdersName is the name of the ConfigMap that holds the orders to database pods.
func (c Config) OrdersName() string { return c.StatefulSet + "-orders" }

// LeaseName is the name of the Lease that the controllers elect their leader with.
func (c Config) LeaseName() string { return c.StatefulSet + "-controller" }

// owns tells whether a pod is of the StatefulSet, by its name. Its owner says nothing
// while the StatefulSet is made anew around its pods.
func (c Config) owns(pod string) bool {
	_, ok := c.ordinal(pod)
	return ok
}

// ordinal is the number at the end of the name of a pod of the StatefulSet: SET-NUMBER.
func (c Config) ordinal(pod string) (ordinal int, ok bool) {
	digits, found := strings.CutPrefix(pod, c.StatefulSet+"-")
	n, err := strconv.ParseUint(digits, 10, 31)
	return int(n), found && err == nil && strconv.FormatUint(n, 10) == digits
}

// Check reports the first setting that cannot be right.
func (c Config) Check() error {
	switch {
	case c.Namespace == "":
		return errors.New("no namespace is given; name that of the databases with --namespace")
	case c.StatefulSet == "":
		return errors.New("no StatefulSet is given; name that of the databases with --statefulset")
	case c.Domain == "":
		return errors.New("no cluster domain is given; name it with --cluster-domain (usually cluster.local)")
	}
	for flag, selector := range map[string]string{"--instance-selector": c.Instances, "--controller-selector": c.Controllers} {
		parsed, err := labels.Parse(selector)
		if err != nil {
			return fmt.Errorf("%s %q is no label selector: %w", flag, selector, err)
		}
		if parsed.Empty() {
			return fmt.Errorf("%s is empty and would select every pod of namespace %s", flag, c.Namespace)
		}
	}
	return nil
}
