# docker build -t xmlblaster-broker .
# docker run -p 3412:3412 -v xmlblaster:/data -e XMLBLASTER_ALLOW_ANONYMOUS=true xmlblaster-broker
# Without the -e line the broker wants a password file (XMLBLASTER_PASSWORD_FILE) before it listens on more than the loopback
# interface, and says so.

FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npx tsc -p tsconfig.build.json

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund && npm cache clean --force
COPY --from=build /app/dist ./dist
# Before VOLUME: a new volume takes its owner from the directory in the image.
RUN mkdir /data && chown node:node /data
VOLUME /data
USER node
EXPOSE 3412
# The image has no curl; node does.
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.XMLBLASTER_PORT ?? 3412}/healthz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/main.js"]
CMD ["--host", "0.0.0.0", "--data-dir", "/data"]
