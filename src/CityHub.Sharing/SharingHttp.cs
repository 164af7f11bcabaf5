using CityHub.Http;
using CityHub.Sharing.Parties;
using Microsoft.AspNetCore.Http;

namespace CityHub.Sharing;

/// <summary>What all routes of this room share.</summary>
internal static class SharingHttp
{
    public static readonly RoomHttp Room = new(SharingProblems.BadRequest, SharingProblems.TooLarge);

    /// <summary>Put there by the door; without it the caller is nobody in particular.</summary>
    public static Caller CallerOf(HttpContext http) => http.Features.Get<Caller>() ?? Caller.Anyone;
}
