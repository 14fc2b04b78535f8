// Command hold does nothing until it is ended. It keeps the network of a container
// whose program is killed and started again, as a pod's sandbox does.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM, os.Interrupt)
	<-ended
}
