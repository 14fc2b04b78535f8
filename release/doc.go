// Package release makes what a release consists of, and its tests are the checks of the
// supply chain: `make supply` runs them, `make release VERSION=v1.2.3` makes a release.
//
//	plan := release.Plan{Module: ".", Tools: "out/bin", Version: "v1.2.3", Image: "ghcr.io/me/memgraph-controller", Out: "out/release"}
//	err := release.Make(ctx, command.Exec{}, plan)
//
// For each architecture that is a static program, its image (docker-archive) and its bill
// of materials; for all of them the licences of what is compiled in, the chart with the
// image's name in it, and SHA256SUMS.
//
// The same tag makes the same bytes on any machine, with the toolchain that go.mod names;
// the one exception is the chart, in whose archive helm notes the time. Nothing is signed
// or published here: .github/workflows/release.yaml does that, with an identity that only
// it has.
package release
