using CityHub.Core.Facts;

namespace CityHub.Sensing;

/// <summary>The state of one tenant in this room.</summary>
internal abstract class TenantBook(IFactLog log, TimeProvider clock, string stream, string tenant) : FactBook(log, clock, Tenants.Stream(stream, tenant))
{
    public string Tenant { get; } = tenant;
}
