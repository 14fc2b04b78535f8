package contender

import (
	"fmt"
	"os"
	"path/filepath"
)

// streamModule is where Debian has the module that makes nginx a TCP proxy. Where it
// is not, nginx has it built in or says that it does not know "stream".
const streamModule = "/usr/lib/nginx/modules/ngx_stream_module.so"

// nginxConfig is all that nginx is told. A session takes two of its connections. Its
// workers keep the user who started them: another one could
// not reach the folder.
func nginxConfig(site Site, address, module string) string {
	if module != "" {
		module = "load_module " + module + ";\n"
	}
	return module + fmt.Sprintf(`user root;
daemon off;
pid %s;
error_log stderr crit;
worker_processes %d;
worker_rlimit_nofile %d;
events { worker_connections %d; }
stream {
    server {
        listen %s backlog=4096;
        proxy_pass %s;
        proxy_timeout 1h;
    }
}
`, filepath.Join(site.Dir, "nginx.pid"), site.Threads, site.Files, 2*site.sessions(), address, site.Upstream)
}

func nginx(site Site) (Running, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	module := streamModule
	if _, err := os.Stat(module); err != nil {
		module = ""
	}
	config := filepath.Join(site.Dir, "nginx.conf")
	if err := os.WriteFile(config, []byte(nginxConfig(site, address, module)), 0o600); err != nil {
		return nil, err
	}
	d, err := run(site, address, "nginx", "-p", site.Dir, "-e", "stderr", "-c", config)
	if err != nil {
		return nil, err
	}
	return d, nil
}
