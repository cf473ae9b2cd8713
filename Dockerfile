# ghcr.io/greenpin/greenpin
#
#   docker build -t greenpin .
#   docker run -v "$PWD/greenpin.yaml:/etc/greenpin/greenpin.yaml:ro" -v "$PWD/token:/etc/greenpin/token:ro" \
#     -e GITHUB_TOKEN -p 127.0.0.1:4355:4355 --read-only --cap-drop=ALL greenpin
#
# Requires BuildKit, the default since Docker 23; other builders are not tested. Only the base image depends
# on the processor. The other stages run on the build machine, so images for other processors need no
# emulation.

FROM --platform=$BUILDPLATFORM docker.io/library/node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No production dependency needs its install script.
RUN --mount=type=cache,id=greenpin-npm,target=/root/.npm,sharing=locked \
    npm ci --omit=dev --ignore-scripts --prefer-offline
# Remove what Node never loads: types, sources and maps, documentation, tests. Keep the licenses.
RUN find node_modules -type f '(' -name '*.ts' -o -name '*.mts' -o -name '*.cts' -o -name '*.map' ')' -exec rm {} + \
 && find node_modules -type f -iname '*.md' ! -iname 'licen[cs]e*' ! -iname 'notice*' ! -iname 'copying*' -exec rm {} + \
 && find node_modules -type d '(' -name test -o -name tests -o -name __tests__ -o -name benchmark -o -name benchmarks \
      -o -name docs -o -name examples -o -name .github -o -name .bin ')' -prune -exec rm -r {} +

FROM --platform=$BUILDPLATFORM docker.io/library/node:24-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=cache,id=greenpin-npm,target=/root/.npm,sharing=locked \
    npm ci --ignore-scripts --prefer-offline
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm run build
COPY LICENSE ./
# The command `greenpin`, also for `kubectl exec`. The image has no env, so the first line names Node itself.
RUN sed -i '1s,.*,#!/nodejs/bin/node,' dist/main.js \
 && chmod 755 dist/main.js \
 && mkdir -p /rootfs/app /rootfs/usr/local/bin /rootfs/etc/greenpin /rootfs/var/lib/greenpin \
 && cp -R dist package.json LICENSE /rootfs/app \
 && ln -s /app/dist/main.js /rootfs/usr/local/bin/greenpin \
 # The checkout's files may be readable by their owner only.
 && chmod -R a+rX /rootfs \
 # For UID 65532, and for any user of group 0, as OpenShift assigns them.
 && chown 65532:0 /rootfs/var/lib/greenpin \
 && chmod 770 /rootfs/var/lib/greenpin

# No shell, no package manager, no writable file. To inspect it: `kubectl debug`, `docker debug`, or the tag
# debug-nonroot.
FROM gcr.io/distroless/nodejs24-debian13:nonroot
COPY --from=dependencies /app/node_modules /app/node_modules
COPY --from=build /rootfs /
USER 65532:65532
WORKDIR /app
ENV NODE_ENV=production \
    GREENPIN_CONFIG=/etc/greenpin/greenpin.yaml \
    GREENPIN_STATE_DIRECTORY=/var/lib/greenpin
VOLUME /var/lib/greenpin
EXPOSE 4355 9464
HEALTHCHECK --interval=30s --timeout=10s --start-period=10s CMD ["greenpin", "health"]
ENTRYPOINT ["greenpin"]
CMD ["serve"]

# Last, because they change with each build.
ARG VERSION=unknown
ARG REVISION=unknown
ARG CREATED=unknown
# A release resolves all base images to digests first, and passes these as build contexts of the same names.
ARG BASE_NAME=gcr.io/distroless/nodejs24-debian13:nonroot
ARG BASE_DIGEST=unknown
LABEL org.opencontainers.image.title="Greenpin" \
      org.opencontainers.image.description="Argo CD ApplicationSet plugin: pins a branch's newest green CI build to the image digests that it pushed" \
      org.opencontainers.image.url="https://github.com/greenpin/greenpin" \
      org.opencontainers.image.source="https://github.com/greenpin/greenpin" \
      org.opencontainers.image.documentation="https://github.com/greenpin/greenpin#readme" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.created="$CREATED" \
      org.opencontainers.image.base.name="$BASE_NAME" \
      org.opencontainers.image.base.digest="$BASE_DIGEST"
