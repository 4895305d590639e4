# Three Debian packages: cpack --config BUILD/CPackConfig.cmake -B OUT
set (MOISSON_MAINTAINER "Moisson <moisson@localhost>" CACHE STRING "who answers for the packages: NAME <ADDRESS>")
string (TIMESTAMP now "%a, %d %b %Y %H:%M:%S +0000" UTC)
foreach (component controller node client)
    set (doc ${CMAKE_CURRENT_BINARY_DIR}/doc/${component})
    file (WRITE ${doc}/changelog
          "moisson (${PROJECT_VERSION}) unstable; urgency=medium\n\n  * See the history of the sources.\n\n"
          " -- ${MOISSON_MAINTAINER}  ${now}\n")
    add_custom_command (OUTPUT ${doc}/changelog.gz COMMAND gzip -9nkf ${doc}/changelog DEPENDS ${doc}/changelog VERBATIM)
    list (APPEND changelogs ${doc}/changelog.gz)
    install (FILES ${doc}/changelog.gz DESTINATION share/doc/moisson-${component} COMPONENT ${component} EXCLUDE_FROM_ALL)
    install (FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION share/doc/moisson-${component} RENAME copyright
             COMPONENT ${component} EXCLUDE_FROM_ALL)
endforeach ()
install (FILES node/lintian-overrides DESTINATION share/lintian/overrides RENAME moisson-node COMPONENT node
         EXCLUDE_FROM_ALL)
add_custom_target (changelogs ALL DEPENDS ${changelogs})

set (CPACK_GENERATOR DEB)
set (CPACK_PACKAGE_NAME moisson)
set (CPACK_PACKAGE_CONTACT "${MOISSON_MAINTAINER}")
set (CPACK_PACKAGE_VENDOR Moisson)
set (CPACK_COMPONENTS_ALL controller node client)
set (CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set (CPACK_SET_DESTDIR ON) # units are written with their final paths
set (CPACK_INSTALL_PREFIX /usr)
set (CPACK_STRIP_FILES ON)
set (CPACK_DEB_COMPONENT_INSTALL ON)
set (CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set (CPACK_DEBIAN_PACKAGE_SECTION net)
set (CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set (CPACK_DEBIAN_DEBUGINFO_PACKAGE OFF)
set (CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set (CPACK_DEBIAN_CLIENT_PACKAGE_NAME moisson-client)
set (CPACK_COMPONENT_CLIENT_DESCRIPTION "batch scheduler: the commands of its users
sbatch, squeue, scancel, sinfo, scontrol, sacct and sdiag of Moisson, a batch
 scheduler for very many small jobs that speaks Slurm's language.")
set (CPACK_DEBIAN_CLIENT_PACKAGE_RECOMMENDS munge)
# the same commands by the same names
set (CPACK_DEBIAN_CLIENT_PACKAGE_CONFLICTS "slurm-client, slurm-client-emulator")

set (CPACK_DEBIAN_CONTROLLER_PACKAGE_NAME moisson-controller)
set (CPACK_COMPONENT_CONTROLLER_DESCRIPTION "batch scheduler: the controller
moissonctld, which knows the jobs and nodes of a Moisson cluster. One host of
 a cluster has it.")
set (CPACK_DEBIAN_CONTROLLER_PACKAGE_DEPENDS "moisson-client (= ${PROJECT_VERSION}), munge")

set (CPACK_DEBIAN_NODE_PACKAGE_NAME moisson-node)
set (CPACK_COMPONENT_NODE_DESCRIPTION "batch scheduler: a compute node
moissond and its agent, which run the jobs of a Moisson cluster. Every compute
 node has it; it needs neither munge nor an open port.")
set (CPACK_DEBIAN_NODE_PACKAGE_DEPENDS "moisson-client (= ${PROJECT_VERSION})")

foreach (component CONTROLLER NODE)
    string (TOLOWER ${component} folder)
    foreach (script postinst prerm postrm)
        list (APPEND CPACK_DEBIAN_${component}_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/${script})
    endforeach ()
endforeach ()
include (CPack)
