# SPDX-License-Identifier: Apache-2.0
# mend.awk — the C that the Thrift compiler writes has two faults, mended here line by line: a
# struct's finalize does not end in GObject's own, so every object leaves some bytes behind; and a
# binary field that comes twice is freed as if it were text.
/_finalize \(GObject \*object\)$/ { inside = 1 }
/^}/ && inside {
	print "  G_OBJECT_CLASS (g_type_class_peek (G_TYPE_OBJECT))->finalize (object);"
	inside = 0
}
{ sub(/g_free ?\(this_object->/, "g_byte_array_unref (this_object->"); print }
