# The HTML page (weir ladder --to html): web/ becomes one file, and that a C array. Needs node and npm, and
# the network once; without them the array is empty and the tool says so when a page is asked for.
# Sets WEIR_PAGE_CODE, the C file, and WEIR_PAGE_DIRECTORY, where page.html and node_modules are.
option(WEIR_PAGE "Build the HTML page when node and npm are there" ON)
find_program(WEIR_NODE NAMES node nodejs)
find_program(WEIR_NPM NAMES npm)
mark_as_advanced(WEIR_NODE WEIR_NPM)

set(WEIR_PAGE_DIRECTORY "${PROJECT_BINARY_DIR}/web")
set(WEIR_PAGE_CODE "${WEIR_PAGE_DIRECTORY}/html_code.c")
if(WEIR_PAGE AND WEIR_NODE AND WEIR_NPM)
  file(GLOB page_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/web/src/*" "${PROJECT_SOURCE_DIR}/web/*.*")
  set(page_tests "")
  if(WEIR_TESTS)
    set(page_tests --tests) # the browser's remote control and the type checker
  endif()
  add_custom_command(OUTPUT "${WEIR_PAGE_CODE}"
    COMMAND "${WEIR_NODE}" "${PROJECT_SOURCE_DIR}/web/build.mjs" "${WEIR_PAGE_DIRECTORY}"
      --npm "${WEIR_NPM}" ${page_tests}
    DEPENDS ${page_sources} VERBATIM COMMENT "Building the HTML page")
else()
  set(WEIR_PAGE_CODE "${PROJECT_BINARY_DIR}/html_code.c")
  file(CONFIGURE OUTPUT "${WEIR_PAGE_CODE}" CONTENT
    "#include \"render/html_code.h\"\nconst size_t html_code_size = 0;\nconst unsigned char html_code[] = {0};\n")
endif()
