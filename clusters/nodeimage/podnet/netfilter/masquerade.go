package netfilter

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
)

const masqueradeChain = prefix + "MASQUERADE"

// Masquerade gives connections that leave the pods' network the address of the
// node: nothing outside knows a way back to a pod. Doing it again changes nothing.
func Masquerade(ctx context.Context, run Runner, pods netip.Prefix) error {
	saved, err := run(ctx, "", "iptables-save", "-t", "nat")
	if err != nil {
		return fmt.Errorf("masquerading: %w", err)
	}
	if _, err := run(ctx, masquerade(saved, pods), "iptables-restore", "-w", "5", "--noflush"); err != nil {
		return fmt.Errorf("masquerading: %w", err)
	}
	return nil
}

// masquerade draws source ports at random, since otherwise two connections of
// different pods to one place may collide in the kernel and lose their first packet.
func masquerade(saved string, pods netip.Prefix) string {
	jump := "-A POSTROUTING -j " + masqueradeChain
	script := "*nat\n:" + masqueradeChain + " - [0:0]\n"
	if !slices.Contains(lines(saved), jump) {
		script += jump + "\n"
	}
	return script +
		fmt.Sprintf("-A %s -d %s -j RETURN\n", masqueradeChain, pods) +
		fmt.Sprintf("-A %s -s %s -j MASQUERADE --random-fully\n", masqueradeChain, pods) +
		"COMMIT\n"
}
