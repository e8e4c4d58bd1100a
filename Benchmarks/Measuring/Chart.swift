/// A picture of results.
package enum Chart: Hashable, Sendable, Encodable {
  case bars(BarChart)
  case lines(LineChart)

  package var title: String {
    switch self {
    case .bars(let chart): chart.title
    case .lines(let chart): chart.title
    }
  }

  package var svg: String {
    switch self {
    case .bars(let chart): chart.svg
    case .lines(let chart): chart.svg
    }
  }
}

/// Groups of bars with error bars, from a base line.
package struct BarChart: Hashable, Sendable, Encodable {
  package struct Group: Hashable, Sendable, Encodable {
    package var label: String
    /// One for each series.
    package var bars: [Estimate]

    package init(_ label: String, _ bars: [Estimate]) {
      self.label = label
      self.bars = bars
    }
  }

  package var title: String
  /// Of the values' axis.
  package var unit: String
  package var series: [String]
  package var groups: [Group]

  package init(title: String, unit: String, series: [String], groups: [Group] = []) {
    self.title = title
    self.unit = unit
    self.series = series
    self.groups = groups
  }
}

/// Lines with error bars, on logarithmic axes.
package struct LineChart: Hashable, Sendable, Encodable {
  package struct Point: Hashable, Sendable, Encodable {
    package var x: Double
    package var y: Estimate

    package init(_ x: Double, _ y: Estimate) {
      self.x = x
      self.y = y
    }
  }

  package struct Series: Hashable, Sendable, Encodable {
    package var name: String
    package var points: [Point]

    package init(_ name: String, _ points: [Point]) {
      self.name = name
      self.points = points
    }
  }

  package var title: String
  package var xUnit: String
  package var yUnit: String
  package var series: [Series]

  package init(title: String, xUnit: String, yUnit: String, series: [Series] = []) {
    self.title = title
    self.xUnit = xUnit
    self.yUnit = yUnit
    self.series = series
  }
}
