# The project's image with Beam's starter in it, which Dataflow and the environment "docker" want.
# Python and Beam must be those of the image, and of what submits the job.
ARG IMAGE=localhost/transferline:latest
ARG BEAM=docker.io/apache/beam_python3.12_sdk:2.77.0
FROM ${BEAM} AS beam
FROM ${IMAGE}
COPY --from=beam /opt/apache/beam /opt/apache/beam
ENTRYPOINT ["/opt/apache/beam/boot"]
