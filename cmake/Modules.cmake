# writ_module(NAME [LIBS lib...]): the C files of the current folder as one object library.
# Including another folder's header is written "folder/header.h", from the top of the tree.
function(writ_module NAME)
  cmake_parse_arguments(ARG "" "" "LIBS" ${ARGN})
  file(GLOB SOURCES CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.c)
  add_library(writ_${NAME} OBJECT ${SOURCES})
  target_include_directories(writ_${NAME} PRIVATE ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/include
                             ${CMAKE_CURRENT_BINARY_DIR} ${CMAKE_BINARY_DIR})
  target_link_libraries(writ_${NAME} PRIVATE writ_warnings ${ARG_LIBS})
  set_target_properties(writ_${NAME} PROPERTIES POSITION_INDEPENDENT_CODE ON)
endfunction()
