# Debian's packages, found by pkg-config where they have a file for it.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(PCRE2 REQUIRED IMPORTED_TARGET libpcre2-8)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
pkg_check_modules(OPENSSL REQUIRED IMPORTED_TARGET openssl)
pkg_check_modules(NGHTTP2 REQUIRED IMPORTED_TARGET libnghttp2)
pkg_check_modules(UV REQUIRED IMPORTED_TARGET libuv)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(CURL REQUIRED IMPORTED_TARGET libcurl)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(ARCHIVE REQUIRED IMPORTED_TARGET libarchive)
find_library(GMP_LIBRARY gmp REQUIRED)
find_library(HTTP_PARSER_LIBRARY http_parser REQUIRED)

set(WRIT_ENGINE_LIBS PkgConfig::PCRE2 PkgConfig::JANSSON PkgConfig::OPENSSL PkgConfig::YAML
    PkgConfig::ARCHIVE PkgConfig::CURL ${GMP_LIBRARY} m Threads::Threads)
set(WRIT_SERVER_LIBS ${WRIT_ENGINE_LIBS} PkgConfig::NGHTTP2 PkgConfig::UV PkgConfig::SQLITE
    ${HTTP_PARSER_LIBRARY})

# All of them as files. `writ` opens a library when it is first called (cli/libraries.h), unless it is
# to be linked with all: where stubs are not written for the machine, or a library is an archive.
set(WRIT_SHARED_LIBRARIES ${GMP_LIBRARY} ${HTTP_PARSER_LIBRARY})
foreach(package PCRE2 JANSSON OPENSSL NGHTTP2 UV SQLITE CURL YAML ARCHIVE)
  list(APPEND WRIT_SHARED_LIBRARIES ${${package}_LINK_LIBRARIES})
endforeach()
list(FILTER WRIT_SHARED_LIBRARIES EXCLUDE REGEX "/lib(dl|m|pthread|rt)\\.|^-|^[^/]*$") # parts of libc
list(REMOVE_DUPLICATES WRIT_SHARED_LIBRARIES)
set(link OFF)
if(NOT CMAKE_SYSTEM_PROCESSOR STREQUAL x86_64)
  set(link ON)
endif()
foreach(library ${WRIT_SHARED_LIBRARIES})
  if(NOT library MATCHES "\\.so$")
    set(link ON)
  endif()
endforeach()
option(WRIT_LINK_LIBRARIES "Link writ with its libraries instead of opening them when called" ${link})

# The engine's libraries as archives, where the packages have them: a program linked with these finds no
# library when it starts, which takes longer than a short decision. Only for programs without libcurl,
# which would bring a second OpenSSL.
set(WRIT_ENGINE_ARCHIVES "")
foreach(name pcre2-8 jansson crypto yaml gmp)
  find_library(WRIT_ARCHIVE_${name} lib${name}.a)
  mark_as_advanced(WRIT_ARCHIVE_${name})
  if(WRIT_ARCHIVE_${name})
    list(APPEND WRIT_ENGINE_ARCHIVES ${WRIT_ARCHIVE_${name}})
  endif()
endforeach()
