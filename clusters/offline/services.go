package offline

// services leaves only those units to start that a node needs. What a container
// shares with its host is none of its business: devices, the kernel's log,
// formats of programs.
func (s system) services() error {
	for _, pattern := range []string{
		"lib/systemd/system/sysinit.target.wants/systemd-tmpfiles-setup.service",
		"lib/systemd/system/multi-user.target.wants/*", "etc/systemd/system/*.wants/*",
		"lib/systemd/system/local-fs.target.wants/*", "lib/systemd/system/basic.target.wants/*",
		"lib/systemd/system/sockets.target.wants/*udev*", "lib/systemd/system/sockets.target.wants/*initctl*",
	} {
		if err := removeAll(s.root, pattern); err != nil {
			return err
		}
	}
	for _, unit := range []string{"containerd.service", "kubelet.service", "undo-mount-hacks.service"} {
		if err := s.link("etc/systemd/system/multi-user.target.wants/"+unit, "/etc/systemd/system/"+unit); err != nil {
			return err
		}
	}
	if err := s.link("etc/systemd/system/systemd-binfmt.service", "/dev/null"); err != nil {
		return err
	}
	return s.write("etc/systemd/journald.conf.d/no-kmsg.conf", "[Journal]\nReadKMsg=no\n", 0o644)
}
