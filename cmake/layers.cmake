# Reads tools/layers.txt and answers what a folder under src/ may link.

# The rows become three parallel facts a folder: GATE_LAYER_<folder>, GATE_SIBLINGS_<folder>, GATE_OUTSIDE_<folder>.
set(GATE_LAYERS_FILE ${CMAKE_SOURCE_DIR}/tools/layers.txt)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${GATE_LAYERS_FILE})
file(STRINGS ${GATE_LAYERS_FILE} rows REGEX "^[0-9]")
foreach(row IN LISTS rows)
  string(REGEX MATCH "^([0-9]+) +([^ |]+) *([^|]*)(\\|(.*))?$" _ "${row}")
  set(folder ${CMAKE_MATCH_2})
  set(GATE_LAYER_${folder} ${CMAKE_MATCH_1})
  separate_arguments(GATE_SIBLINGS_${folder} UNIX_COMMAND "${CMAKE_MATCH_3}")
  separate_arguments(GATE_OUTSIDE_${folder} UNIX_COMMAND "${CMAKE_MATCH_5}")
endforeach()

# The row that speaks for a folder: its own, or its parent's with a star.
function(gate_layer_row folder result)
  get_filename_component(parent "${folder}" DIRECTORY)
  foreach(row "${folder}" "${parent}/*")
    if(DEFINED GATE_LAYER_${row})
      set(${result} "${row}" PARENT_SCOPE)
      return()
    endif()
  endforeach()
  message(FATAL_ERROR "src/${folder} has no row in tools/layers.txt. Give it a layer there (DESIGN 3).")
endfunction()

function(gate_target_name folder result)
  string(REPLACE "/" "_" name "${folder}")
  set(${result} "${name}" PARENT_SCOPE)
endfunction()

# The folders under src/ whose headers the given files include: what their target has to link, and no more. So a folder
# builds while an unrelated one does not.
function(gate_included_folders result)
  set(found "")
  foreach(file IN LISTS ARGN)
    set_property(DIRECTORY ${CMAKE_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    file(STRINGS ${file} includes REGEX "^#include \"[^\"]+/[^\"]+\"")
    foreach(include IN LISTS includes)
      string(REGEX REPLACE "^#include \"([^\"]+)/[^/\"]+\".*" "\\1" folder "${include}")
      list(APPEND found ${folder})
    endforeach()
  endforeach()
  list(REMOVE_DUPLICATES found)
  set(${result} "${found}" PARENT_SCOPE)
endfunction()
