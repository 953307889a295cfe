interface Asked {
  /** As it was asked for. */
  readonly image: string;
  /** Host, and port where it is named, that was asked: the image's own, or its mirror's. */
  readonly registry: string;
}

/** What a registry says of an image to a machine that has no credentials, as the nodes of a cluster have none. */
export type ImageAnswer = Asked &
  (
    | { readonly is: 'found' }
    /** The registry knows no such repository, tag or digest. */
    | { readonly is: 'missing'; readonly because: string }
    /** It exists or not, but not for everybody. */
    | { readonly is: 'refused'; readonly because: string }
    /** Nobody answered the question: that says nothing about the image. `unreachable`: no connection came about at all. */
    | { readonly is: 'unknown'; readonly because: string; readonly unreachable: boolean }
  );

/** Registries of container images (OCI distribution API), asked through the configured mirrors. Pulls nothing. */
export interface Registries {
  /** One answer for each image, in order, within half a minute; never rejects but when the signal is aborted. */
  lookUp(images: readonly string[], signal: AbortSignal): Promise<readonly ImageAnswer[]>;
}
