// Package check reads the pages of this repository and holds them to what they speak of:
// links lead somewhere, commands are executed, tests that are named exist, drawings can be
// shown. Nothing of it is part of the product.
//
//	pages, err := check.Pages("../..")
//	for _, b := range check.For(pages, check.Local) {
//		... // execute b.Commands
//	}
//
// # Blocks of commands
//
// Every block of a page that is indented or fenced has a Way, which says which test executes
// it (Executors). It follows from the words that its lines begin with (kubectl, make, ...),
// or stands in a comment before the block, which no reader sees:
//
//	<!-- run: dry -->
//
//	    kubectl delete pvc -l app.kubernetes.io/instance=memgraph
//
// A block that is no command says so: <!-- run: no -->. One that needs a test of its own names
// that: <!-- run: TestDrillsInAClusterOfOnesOwn -->. The test takes the block's lines from here
// (ScriptOf), so that it executes what the page says:
//
//	script := check.ScriptOf(t, "../..")
//	run(script.Line("kubectl memgraph pause", map[string]string{"N": namespace}))
//
// or whole blocks: For(pages, Way("TestDrillsInAClusterOfOnesOwn")).
//
// Fenced blocks that name another language than a shell's are no commands.
package check
