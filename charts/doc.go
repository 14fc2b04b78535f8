// Package charts tests the Helm chart memgraph-controller and the dev loop's
// skaffold.yaml: it renders the chart with several sets of values
// (testdata/values) and holds what comes out against the code.
//
//	go test ./charts               # a few minutes the first time: it builds Helm
//	UPDATE=1 go test ./charts      # write the table of values in the chart's README anew
//
// What is checked of every set of values:
//
//   - helm lint --strict accepts it, kubeconform finds every object as Kubernetes'
//     own OpenAPI document has it (package schemas), and Pod Security "restricted"
//     lets every pod in.
//   - The controller takes its arguments and environment, the init container its,
//     and the database's stand-in starts with the database's.
//   - Roles, ports, container names and readiness gate are those of controller/kube,
//     and the selectors in the arguments select the rendered pods and no others.
//
// The suites in memgraph-controller/tests, for helm-unittest, say what each value
// does; a test runs them too. The tools are built from the module in tools/ into
// out/bin. With -short nothing that needs them is run.
package charts
