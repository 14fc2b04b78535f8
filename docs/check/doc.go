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
// A block that is no command says so: <!-- run: no -->. One that a certain test does names that:
// <!-- run: TestDataThatWereSetAsideComeHome -->. The test reads it and executes what it says,
// For(pages, Way("TestDataThatWereSetAsideComeHome")), or does the same by means of its own.
// Fenced blocks that name another language than a shell's are no commands.
package check
