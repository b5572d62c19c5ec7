// Command pause does nothing until it is told to end. It is the container that holds a pod's namespaces in the cluster of this
// folder.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGINT, syscall.SIGTERM)
	<-c
}
