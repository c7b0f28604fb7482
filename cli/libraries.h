/* The libraries of `writ`, opened when they are first called.
 *
 * Why: a short decision takes less time than the dynamic linker needs for the libraries that most
 * decisions never call (libcurl and libarchive alone bring thirty others). So this program names no
 * library but libc and libm. In place of each library function that its objects call stands a stub
 * of the same name, which jumps through a slot; an empty slot opens the library, finds the function
 * and fills the slot. Prototypes are those of the real headers, callers need not know.
 *
 * Words: a *stub* is the few instructions that bear a library function's name; its *slot* is where
 * the function's address is kept; a *library* is known by the soname that was found while building.
 * The list of stubs is made while building, from what the objects call (cmake/library_calls.sh).
 *
 * Invariants: slots and handles are written once, atomically, with the same value by all threads.
 * A library is opened with its own scope: what it brings along is seen by it alone. A library that
 * is missing ends the process with status 2 and a message, before anything else happens: as a
 * library that is linked, only later. Services therefore open all before they serve.
 *
 * Where stubs are not written for the machine, and with WRIT_LINK_LIBRARIES=ON (static builds), the
 * program is linked with its libraries as usual. `libwrit.a` is always linked as its user likes. */
#ifndef WRIT_CLI_LIBRARIES_H
#define WRIT_CLI_LIBRARIES_H

/* Opens every library and fills every slot. Does nothing where libraries are linked. */
void cli_open_libraries(void);

#endif
