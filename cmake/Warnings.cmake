# Every warning the project asks for stands here and nowhere else.
add_library(writ_warnings INTERFACE)
target_compile_options(writ_warnings INTERFACE
    -Wall -Wextra -Wshadow -Wpointer-arith -Wcast-qual -Wwrite-strings -Wstrict-prototypes
    -Wmissing-prototypes -Wundef -Wvla -Wformat=2 -Wimplicit-fallthrough -Wno-unused-parameter)
if(WRIT_WERROR)
  target_compile_options(writ_warnings INTERFACE -Werror)
endif()

# Asserts stay on in every build: a broken invariant stops the process, it never goes on.
string(REPLACE "-DNDEBUG" "" CMAKE_C_FLAGS_RELEASE "${CMAKE_C_FLAGS_RELEASE}")
string(REPLACE "-DNDEBUG" "" CMAKE_C_FLAGS_RELWITHDEBINFO "${CMAKE_C_FLAGS_RELWITHDEBINFO}")

add_compile_definitions(_GNU_SOURCE WRIT_VERSION="${PROJECT_VERSION}")
# Exact arithmetic needs x87 extended precision as the ABI gives it.
add_compile_options(-fno-fast-math -fno-strict-aliasing)
if(WRIT_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all
                      -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()
if(WRIT_COVERAGE)
  add_compile_options(--coverage)
  add_link_options(--coverage)
endif()
if(WRIT_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all)
  add_link_options(-fsanitize=address,undefined)
endif()
