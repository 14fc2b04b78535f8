// Command runtime is an OCI runtime for Docker on machines whose bounding set of
// capabilities lacks CAP_SYS_RESOURCE.
//
// Docker asks for every capability that the kernel knows when a container is
// privileged, as every node of kind is, and runc then ends with "unable to apply
// caps: operation not permitted". This program takes that one capability out of
// what Docker asks for, and becomes runc.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

func main() {
	fmt.Fprintln(os.Stderr, "runtime:", run(os.Args[1:]))
	os.Exit(1)
}

// run returns only if it fails.
func run(args []string) error {
	if path := specification(args); path != "" {
		if err := withhold(path); err != nil {
			return err
		}
	}
	runc, err := exec.LookPath("runc")
	if err != nil {
		return err
	}
	return syscall.Exec(runc, append([]string{"runc"}, args...), os.Environ())
}
