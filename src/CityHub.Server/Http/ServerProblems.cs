using CityHub.Core.Problems;

namespace CityHub.Server.Http;

/// <summary>The refusals of the front door, before any room is asked.</summary>
internal static class ServerProblems
{
    public static readonly ProblemKind BadRequest = new("malformed-request", "The request is not valid HTTP", 400);
    public static readonly ProblemKind NotAuthenticated = new("not-authenticated", "The hub does not know who asks", 401);
    public static readonly ProblemKind TokenRefused = new("token-refused", "The token does not open this hub", 401);
    public static readonly ProblemKind NotPermitted = new("not-permitted", "The token does not carry the permission", 403);
    public static readonly ProblemKind TenantNotPermitted = new("tenant-not-permitted", "The token is for other tenants", 403);
    public static readonly ProblemKind RouteNotFound = new("route-not-found", "There is nothing at this address", 404);
    public static readonly ProblemKind MethodNotAllowed = new("method-not-allowed", "This address does not take that method", 405);
    public static readonly ProblemKind RequestTimeout = new("request-timeout", "The request did not arrive in time", 408);
    public static readonly ProblemKind RequestTooLarge = new("request-too-large", "The request body is larger than the hub takes", 413);
    public static readonly ProblemKind HeadersTooLarge = new("headers-too-large", "The request headers are larger than the hub takes", 431);
    public static readonly ProblemKind TooManyRequests = new("too-many-requests", "More requests than the hub takes from one client", 429);
    public static readonly ProblemKind InternalError = new("internal-error", "The hub made a mistake", 500, "InternalError");
    public static readonly ProblemKind TookTooLong = new("took-too-long", "The answer took longer than the hub allows", 503);
    public static readonly ProblemKind NotReady = new("not-ready", "The hub is starting or stopping", 503);
    public static readonly ProblemKind IssuerUnreachable = new("issuer-unreachable", "The identity provider does not answer", 503);
    public static readonly ProblemKind BadQuery = new("bad-query-parameter", "A query parameter was not understood", 400);
    public static readonly ProblemKind BadBody = new("bad-request-body", "The request body was not understood", 400);
}
