namespace CityHub.Sharing.Responsibilities;

/// <summary>What came of a dataset, as the lists see it: its deliveries, or, of a dataset of entities, the times at which they were told anew.</summary>
public interface IArrivals
{
    /// <summary>In any order; never of another dataset.</summary>
    IEnumerable<DeliveryMark> Of(string dataset);
}
