# The manager. `make images` makes the same image without a container engine: hack/image says what is in it.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -buildvcs=false -ldflags "-s -w" -o /manager . \
 && go run ./hack/image -out /image.tar /manager \
 && mkdir /image \
 && tar -C /image -xf /image.tar

FROM scratch
COPY --from=build /image /
ENV PATH=/
WORKDIR /
USER 65532:65532
ENTRYPOINT ["/manager"]
