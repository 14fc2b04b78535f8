package kube

import rbacv1 "k8s.io/api/rbac/v1"

// ControllerRules are all that a controller may do: the Role of its service
// account has exactly these. Neither creation nor a list by labels can be limited
// to names; everything else is.
func ControllerRules(c Config) []rbacv1.PolicyRule {
	return []rbacv1.PolicyRule{
		rule("", "pods", nil, "list", "watch", "delete"),
		rule("", "pods/status", nil, "patch"),
		rule("", "services", nil, "list", "watch"),
		rule("apps", "statefulsets", []string{c.StatefulSet}, "list", "watch"),
		rule("", "configmaps", []string{c.RecordName()}, "get", "list", "watch", "update"),
		rule("", "configmaps", []string{c.OrdersName()}, "get", "update"),
		rule("", "configmaps", nil, "create"),
		rule("coordination.k8s.io", "leases", []string{c.LeaseName()}, "get", "list", "watch", "update"),
		rule("coordination.k8s.io", "leases", nil, "create"),
		rule("", "events", nil, "create", "patch", "list", "watch"),
	}
}

// DatabaseRules are all that the init container of a database pod may do.
func DatabaseRules(c Config) []rbacv1.PolicyRule {
	return []rbacv1.PolicyRule{
		rule("", "configmaps", []string{c.RecordName(), c.OrdersName()}, "get"),
	}
}

// BackupRules are all that a backup's job may do: run a program in the containers of these
// pods. That is as much as to read and write their data, so nobody else may.
func BackupRules(pods []string) []rbacv1.PolicyRule {
	return []rbacv1.PolicyRule{rule("", "pods/exec", pods, "get", "create")}
}

func rule(group, resource string, names []string, verbs ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: []string{resource}, ResourceNames: names, Verbs: verbs}
}
