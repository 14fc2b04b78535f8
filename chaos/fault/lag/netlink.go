package main

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/sys/unix"
)

// What of the kernel's linux/netfilter/nfnetlink_queue.h is needed.
const (
	subsystem = 3 // NFNL_SUBSYS_QUEUE

	messagePacket  = 0
	messageVerdict = 1
	messageConfig  = 2

	configCommand  = 1 // NFQA_CFG_CMD
	configParams   = 2 // NFQA_CFG_PARAMS
	configMaxLen   = 3 // NFQA_CFG_QUEUE_MAXLEN
	commandBind    = 1
	copyMeta       = 1 // the number of a packet is enough
	packetHeader   = 1 // NFQA_PACKET_HDR
	verdictHeader  = 2 // NFQA_VERDICT_HDR
	verdictAccept  = 1
	headerSize     = 16 // of a netlink message
	familySize     = 4  // of the netfilter header after it
	attributeStart = headerSize + familySize
)

// open asks for the packets of a queue in this process's network.
func open(queue uint16) (int, error) {
	socket, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_NETFILTER)
	if err != nil {
		return 0, fmt.Errorf("open a netlink socket: %w", err)
	}
	if err := unix.Bind(socket, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return 0, fmt.Errorf("bind the netlink socket: %w", err)
	}
	be := binary.BigEndian
	for _, a := range [][]byte{
		attribute(configCommand, []byte{commandBind, 0, 0, 0}),
		attribute(configParams, append(be.AppendUint32(nil, 0), copyMeta)),
		attribute(configMaxLen, be.AppendUint32(nil, waiting)),
	} {
		if err := send(socket, message(messageConfig, queue, a)); err != nil {
			return 0, fmt.Errorf("configure queue %d: %w", queue, err)
		}
	}
	return socket, nil
}

func send(socket int, text []byte) error {
	return unix.Sendto(socket, text, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK})
}

// accept is the word that lets a packet go on.
func accept(queue uint16, id uint32) []byte {
	be := binary.BigEndian
	return message(messageVerdict, queue, attribute(verdictHeader, be.AppendUint32(be.AppendUint32(nil, verdictAccept), id)))
}

// message is one message of netfilter's queues.
func message(kind uint16, queue uint16, attributes []byte) []byte {
	ne := binary.NativeEndian
	text := ne.AppendUint32(nil, uint32(attributeStart+len(attributes)))
	text = ne.AppendUint16(text, subsystem<<8|kind)
	text = ne.AppendUint16(text, unix.NLM_F_REQUEST)
	text = ne.AppendUint32(text, 0) // sequence number
	text = ne.AppendUint32(text, 0) // port: the kernel's own
	text = append(text, unix.AF_UNSPEC, 0)
	text = binary.BigEndian.AppendUint16(text, queue)
	return append(text, attributes...)
}

// attribute is a value with its kind and length, filled up to four bytes.
func attribute(kind uint16, value []byte) []byte {
	ne := binary.NativeEndian
	text := append(ne.AppendUint16(ne.AppendUint16(nil, uint16(4+len(value))), kind), value...)
	for len(text)%4 != 0 {
		text = append(text, 0)
	}
	return text
}

// ids are the numbers of the packets in what the kernel wrote.
func ids(text []byte) (list []uint32) {
	ne := binary.NativeEndian
	for len(text) >= attributeStart {
		size, kind := int(ne.Uint32(text)), ne.Uint16(text[4:])
		if size < attributeStart || size > len(text) {
			return list
		}
		if kind == subsystem<<8|messagePacket {
			list = append(list, id(text[attributeStart:size])...)
		}
		text = text[min(len(text), (size+3)&^3):]
	}
	return list
}

// id finds the header of a packet among its attributes.
func id(attributes []byte) []uint32 {
	ne := binary.NativeEndian
	for len(attributes) >= 4 {
		size, kind := int(ne.Uint16(attributes)), ne.Uint16(attributes[2:])
		if size < 4 || size > len(attributes) {
			return nil
		}
		if kind == packetHeader && size >= 8 {
			return []uint32{binary.BigEndian.Uint32(attributes[4:])}
		}
		attributes = attributes[min(len(attributes), (size+3)&^3):]
	}
	return nil
}
