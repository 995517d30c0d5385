# Stands in for the image swift:… where no registry can be reached: this host's toolchain, and of Debian's packages
# only those that the toolchain itself cannot do without, so that the build stage has to name its own.
# The context is the toolchain's directory usr.
FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends \
      binutils gcc libc6-dev libstdc++-12-dev libcurl4 libxml2 libsqlite3-0 libncurses6 git ca-certificates tzdata \
 && rm -rf /var/lib/apt/lists/*
COPY . /usr
