# What `cmake --install` puts in place, by component:
#
#   runtime   the program
#   embed     include/slate/, libslate, find_package(slate) and pkg-config's slate.pc
#   client    client.h, load.h and pool.h, libslate_client, find_package(slate COMPONENTS client) and slate_client.pc
#
# libslate is one shared library of the rooms from base to db: a program that embeds Slate needs neither gRPC nor
# Boost.Asio, and no header or library of those that Slate is made of. A further component is a library of its own,
# another call of slate_library(), and a <component>-targets.cmake that slateConfig.cmake finds by its name. libslate_client
# stands on libslate, whose headers it speaks in; beside it needs protobuf and OpenSSL.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(SLATE_CMAKE_DIR "${CMAKE_INSTALL_LIBDIR}/cmake/slate")

# slate_library(embed OUTPUT slate ROOMS base db HEADERS value.h ...): libslate, slate::embed, made of static rooms.
# HEADERS are those of include/slate/ that belong to it. USES names a component whose library has the rooms below.
function(slate_library component)
  cmake_parse_arguments(arg "" "OUTPUT;USES" "ROOMS;HEADERS" ${ARGN})
  set(target slate_lib_${component})
  list(TRANSFORM arg_ROOMS PREPEND slate_)
  list(TRANSFORM arg_ROOMS REPLACE "(.+)" "$<TARGET_OBJECTS:\\1>" OUTPUT_VARIABLE objects)
  add_library(${target} SHARED ${objects})
  if(arg_USES)
    # First, so that what it has is taken from there.
    target_link_libraries(${target} PUBLIC slate_lib_${arg_USES})
  endif()
  # For the libraries that the rooms use: everything of the rooms themselves is there already.
  target_link_libraries(${target} PRIVATE ${arg_ROOMS})
  # Only Slate's own names, so that a program may have other versions of the libraries that headers leave traces of.
  set(names "${CMAKE_SOURCE_DIR}/cmake/exported.map")
  target_link_options(${target} PRIVATE "LINKER:--version-script=${names}" "LINKER:-Bsymbolic-functions")
  # Until 1.0 each minor version may change the interface.
  set_target_properties(${target} PROPERTIES
    LINKER_LANGUAGE CXX OUTPUT_NAME ${arg_OUTPUT} EXPORT_NAME ${component} LINK_DEPENDS "${names}"
    VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
  target_compile_features(${target} INTERFACE cxx_std_23)
  target_include_directories(${target} INTERFACE "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")

  list(TRANSFORM arg_HEADERS PREPEND "${CMAKE_SOURCE_DIR}/include/slate/")
  install(FILES ${arg_HEADERS} DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/slate" COMPONENT ${component})
  install(TARGETS ${target} EXPORT slate_${component}
    LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT ${component} NAMELINK_COMPONENT ${component})
  install(EXPORT slate_${component} FILE ${component}-targets.cmake NAMESPACE slate::
    DESTINATION "${SLATE_CMAKE_DIR}" COMPONENT ${component})
endfunction()

slate_library(embed OUTPUT slate
  ROOMS base model codec storage query plan exec db
  HEADERS batch.h clock.h copy_ref.h database.h datasource.h distinct.h error.h explain.h generation_builder.h list_view.h
          options.h query.h record.h result_set.h snapshot.h transaction.h value.h)
slate_library(client OUTPUT slate_client USES embed
  ROOMS net wire wire_proto client
  HEADERS client.h load.h pool.h)

install(TARGETS slate RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT runtime)
# Written by the program itself, so that it knows what the help knows.
install(CODE "
  set(folder \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DATADIR}\")
  foreach(place bash-completion/completions/slate zsh/site-functions/_slate fish/vendor_completions.d/slate.fish)
    string(REGEX MATCH \"^[a-z]+\" shell \"\${place}\")
    get_filename_component(parent \"\${folder}/\${place}\" DIRECTORY)
    file(MAKE_DIRECTORY \"\${parent}\")
    execute_process(COMMAND \"$<TARGET_FILE:slate>\" completion \${shell} OUTPUT_FILE \"\${folder}/\${place}\"
      COMMAND_ERROR_IS_FATAL ANY)
    message(STATUS \"Installing: \${folder}/\${place}\")
  endforeach()" COMPONENT runtime)

configure_package_config_file("${CMAKE_SOURCE_DIR}/cmake/slateConfig.cmake.in" "${CMAKE_BINARY_DIR}/slateConfig.cmake"
  INSTALL_DESTINATION "${SLATE_CMAKE_DIR}" NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file("${CMAKE_BINARY_DIR}/slateConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_BINARY_DIR}/slateConfig.cmake" "${CMAKE_BINARY_DIR}/slateConfigVersion.cmake"
  DESTINATION "${SLATE_CMAKE_DIR}" COMPONENT embed)

# From its own folder, so that the tree may be installed to one place and used in another.
file(RELATIVE_PATH SLATE_PC_TO_PREFIX "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
string(REGEX REPLACE "/$" "" SLATE_PC_TO_PREFIX "${SLATE_PC_TO_PREFIX}")
function(slate_pkg_config component name)
  configure_file("${CMAKE_SOURCE_DIR}/cmake/${name}.pc.in" "${CMAKE_BINARY_DIR}/${name}.pc" @ONLY)
  install(FILES "${CMAKE_BINARY_DIR}/${name}.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig" COMPONENT ${component})
endfunction()
slate_pkg_config(embed slate)
slate_pkg_config(client slate_client)
