using CityHub.Core.Problems;

namespace CityHub.Context;

/// <summary>The refusals of the broker: the error types of ETSI GS CIM 009 clause 6.3.2 with our own stable codes.</summary>
public static class ContextProblems
{
    public static readonly ProblemKind InvalidRequest = new("invalid-request", "The request is not well formed", 400, "InvalidRequest");
    public static readonly ProblemKind BadRequestData = new("bad-request-data", "The request carries data that NGSI-LD does not allow", 400, "BadRequestData");
    public static readonly ProblemKind AlreadyExists = new("already-exists", "There is one with this id already", 409, "AlreadyExists");
    public static readonly ProblemKind OperationNotSupported = new("operation-not-supported", "This hub does not offer that operation", 422, "OperationNotSupported");
    public static readonly ProblemKind ResourceNotFound = new("resource-not-found", "Nothing here by that name", 404, "ResourceNotFound");
    public static readonly ProblemKind TooComplexQuery = new("too-complex-query", "The query costs more than the hub allows", 403, "TooComplexQuery");
    public static readonly ProblemKind TooManyResults = new("too-many-results", "The answer would be larger than the hub allows", 403, "TooManyResults");
    public static readonly ProblemKind ContextNotAvailable = new("ld-context-not-available", "A remote @context cannot be had", 504, "LdContextNotAvailable");
    public static readonly ProblemKind NoSuchTenant = new("nonexistent-tenant", "No such tenant", 404, "NonexistentTenant");
    public static readonly ProblemKind PayloadTooLarge = new("payload-too-large", "The request body is larger than the hub allows", 413, "BadRequestData");
    public static readonly ProblemKind UnsupportedMediaType = new("unsupported-media-type", "The content type is not one of NGSI-LD", 415, "UnsupportedMediaType");
    public static readonly ProblemKind NotAcceptable = new("not-acceptable", "None of the accepted media types can be served", 406, "NotAcceptableMediaType");
}
