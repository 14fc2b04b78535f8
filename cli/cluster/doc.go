// Package cluster finds a release of the chart through a kubeconfig, as a person at
// their desk sees it, and leads to its controllers.
//
//	release, err := cluster.Find(ctx, cluster.Where{Namespace: "db"})
//	if err != nil {
//		return err // says what to do
//	}
//	tunnel, err := release.Tunnel(release.Ready()[0].Name, cluster.HTTPPort)
//	if err != nil {
//		return err
//	}
//	defer tunnel.Close()
//	client := http.Client{Transport: &http.Transport{DialContext: tunnel.DialContext}}
//
// It reads pods and, when it is asked for a credential, one Secret. It changes
// nothing but what [Release.Delete] deletes. The controllers have a client of the API
// server of their own (controller/kube): that one has to notice within seconds that
// the server is gone, and lives in a pod.
//
// # Rights
//
// Of its caller it needs the verbs list on pods and create on pods/portforward. A
// credential needs get on secrets, a bundle of logs get on pods/log and configmaps
// and list on events, a drill delete on pods. Errors name the one that is missing.
package cluster
